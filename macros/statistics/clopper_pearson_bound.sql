{#-
    clopper_pearson_bound(successes, n, side, tail): an end of the exact interval for a proportion.

    Lower: the `tail` quantile of Beta(k, n - k + 1), 0 where k = 0.
    Upper: the 1 - tail quantile of Beta(k + 1, n - k), 1 where k = n (Clopper and Pearson 1934).
    A one-sided bound at delta = .05 has tail 0.05; a two-sided 95 % interval has tail 0.025 on
    both sides. Coverage is never below what is promised, whatever n.

    successes, n: integer expressions, 0 <= successes <= n. Null where n is 0 or either is null.
    tail:         probability left outside this end, a literal.
    Reference: statsmodels.stats.proportion.proportion_confint(method='beta').
-#}
{% macro clopper_pearson_bound(successes, n, side, tail) -%}
    {%- set k = "cast(" ~ successes ~ " as double)" -%}
    {%- set misses = "cast((" ~ n ~ ") - (" ~ successes ~ ") as double)" -%}
    {%- if side == 'lower' -%}
    (case
        when {{ n }} > 0 and {{ successes }} = 0 then 0e0
        when {{ n }} > 0
            then {{ beta_quantile(tail ~ "e0", k, misses ~ " + 1e0") }}
    end)
    {%- elif side == 'upper' -%}
    (case
        when {{ n }} > 0 and {{ successes }} = {{ n }} then 1e0
        when {{ n }} > 0
            then {{ beta_quantile((1 - tail) ~ "e0", k ~ " + 1e0", misses) }}
    end)
    {%- else -%}
        {{ exceptions.raise_compiler_error("side is 'lower' or 'upper', not '" ~ side ~ "'") }}
    {%- endif -%}
{%- endmacro %}
