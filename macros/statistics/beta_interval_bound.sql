{#-
    beta_interval_bound(successes, n, side, level): one end of the central Bayesian interval of a
    proportion under an even prior, the quantiles of Beta(1 + successes, 1 + n - successes).

    Kept in honest width where n is small (Bowyer, Aitchison and Ivanova 2025), where the normal
    interval of the mean is far too narrow.

    successes, n: integer expressions, 0 <= successes <= n; null where either is null or n < 0.
    side:         'lower' or 'upper'.
    level:        confidence level, by default the variable interval_level.
    Reference: scipy.stats.beta.ppf.
-#}
{% macro beta_interval_bound(successes, n, side, level=none) -%}
    {%- if side not in ['lower', 'upper'] -%}
        {{ exceptions.raise_compiler_error("side is 'lower' or 'upper', not '" ~ side ~ "'") }}
    {%- endif -%}
    {%- set tail = (1 - (level or var('interval_level'))) / 2 -%}
    {%- set p = tail if side == 'lower' else 1 - tail -%}
    (case
        when {{ n }} >= 0
            then {{ beta_quantile(
                (p | round(12)) ~ "e0",
                "cast(1 + " ~ successes ~ " as double)",
                "cast(1 + " ~ n ~ " - (" ~ successes ~ ") as double)"
            ) }}
    end)
{%- endmacro %}
