{#-
    t_p_value(t, df): two-sided p of Student's t, the probability of |T| >= |t|.

    I_x(df/2, 1/2) with x = df / (df + t^2), an identity that keeps the digits of small tails.

    t:  double expression.   df: integer or double expression. Null where either is null or df < 1.
    Reference: 2 * scipy.stats.t.sf(|t|, df).
-#}
{% macro t_p_value(t, df) -%}
    {%- set v = "cast(" ~ df ~ " as double)" -%}
    (case
        when {{ v }} >= 1e0 and {{ t }} is not null
            then beta_cdf({{ v }} / 2e0, 0.5e0, {{ v }} / ({{ v }} + ({{ t }}) * ({{ t }})))
    end)
{%- endmacro %}
