{#-
    detectable_effect(stderr, df): the smallest true difference that a comparison with this
    standard error finds with the power of the variable comparison_power, by a two-sided test at
    1 - interval_level.

    (q_{alpha/2} + q_beta) * stderr, q of Student's t with `df` degrees of freedom, or of the
    normal where df is none: then it is needed_pairs solved for the effect (Miller 2024).

    stderr: double expression; the root of (variance of a pair / pairs).
    Null where it is null or 0: a spread of nothing tells nothing of the next sample.
    Reference: the formula; Miller's worked examples.
-#}
{% macro detectable_effect(stderr, df=none, level=none, power=none) -%}
    {%- set upper = level or var('interval_level') -%}
    (nullif({{ stderr }}, 0e0) * (
        {{ normal_quantile(upper) if df is none else t_quantile(upper, df) }}
        + {{ power_quantile(power or var('comparison_power'), df) }}
    ))
{%- endmacro %}
