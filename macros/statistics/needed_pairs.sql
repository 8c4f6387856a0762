{#-
    needed_pairs(variance, effect): pairs after which a true difference of `effect` is found with
    the power of the variable comparison_power, by a two-sided test at 1 - interval_level.

    n = (z_{alpha/2} + z_beta)^2 * variance / effect^2 (Miller 2024, section 5), not rounded. The
    variance of one pair's difference is omega^2 + sigma_A^2 / K_A + sigma_B^2 / K_B there: of the
    questions, and of K answers each. Ask it for the tolerance, never for the difference seen.

    variance, effect: double expressions. Null where either is null or the effect is 0.
    Reference: the formula; Miller's worked example.
-#}
{% macro needed_pairs(variance, effect, level=none, power=none) -%}
    {%- set quantiles -%}
        ({{ normal_quantile(level or var('interval_level')) }}
        + {{ power_quantile(power or var('comparison_power')) }})
    {%- endset -%}
    ({{ quantiles }} * {{ quantiles }} * {{ variance }}
    / nullif(({{ effect }}) * ({{ effect }}), 0e0))
{%- endmacro %}
