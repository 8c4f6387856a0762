{#-
    mcnemar_mid_p(b, c): McNemar's mid-p, less conservative than the exact test.

    2 * P(X <= k) - P(X = k) with k = min(b, c) and X binomial(b + c, 1/2): half of the observed
    point is left out (Fagerland, Lydersen and Laake 2013). The point is subtracted before the
    doubled tail is cut at 1, so b = c gives 1 exactly, as does b + c = 0.

    b, c: integer expressions. Null where either is null.
    Reference: scipy.stats.binom.
-#}
{% macro mcnemar_mid_p(b, c) -%}
    {%- set fewer -%}
        (case when {{ b }} < {{ c }} then {{ b }} else {{ c }} end)
    {%- endset -%}
    {%- set all_of_them = '(' ~ b ~ ' + ' ~ c ~ ')' -%}
    (case
        when {{ b }} is null or {{ c }} is null then null
        when {{ b }} = {{ c }} then 1e0
        else
            {{ binomial_cdf(fewer, all_of_them, '0.5e0') }}
            + {{ binomial_cdf('(' ~ fewer ~ ' - 1)', all_of_them, '0.5e0') }}
    end)
{%- endmacro %}
