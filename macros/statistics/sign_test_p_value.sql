{#-
    sign_test_p_value(first, second): two-sided exact p of the sign test.

    2 * P(X <= min(first, second)) with X binomial(first + second, 1/2), at most 1; ties are not
    counted on either side. 1 where there is nothing but ties. On pairs of right and wrong answers
    it is McNemar's exact test.

    first, second: integer expressions, how often each side was higher. Null where either is null.
    Reference: scipy.stats.binomtest.
-#}
{% macro sign_test_p_value(first, second) -%}
    {%- set fewer -%}
        (case when {{ first }} < {{ second }} then {{ first }} else {{ second }} end)
    {%- endset -%}
    (case
        when {{ first }} is null or {{ second }} is null then null
        when {{ first }} = {{ second }} then 1e0
        else 2e0 * {{ binomial_cdf(fewer, '(' ~ first ~ ' + ' ~ second ~ ')', '0.5e0') }}
    end)
{%- endmacro %}
