{#-
    t_p_value(t, df): two-sided p of Student's t, the probability of |T| >= |t|.

    I_x(df/2, 1/2) with x = df / (df + t^2), which keeps the digits of small tails; for moderate t
    its complement 1 - I_{1-x}(1/2, df/2), since with many degrees of freedom x is too close to 1.

    t:  double expression.   df: integer or double expression. Null where either is null or df < 1.
    Reference: 2 * scipy.stats.t.sf(|t|, df).
-#}
{% macro t_p_value(t, df) -%}
    {%- set v = "cast(" ~ df ~ " as double)" -%}
    {%- set square = "(" ~ t ~ ") * (" ~ t ~ ")" -%}
    (case
        when {{ v }} >= 1e0 and {{ square }} < 10e0
            then 1e0 - beta_cdf(0.5e0, {{ v }} / 2e0, {{ square }} / ({{ v }} + {{ square }}))
        when {{ v }} >= 1e0 and {{ square }} >= 10e0
            then beta_cdf({{ v }} / 2e0, 0.5e0, {{ v }} / ({{ v }} + {{ square }}))
    end)
{%- endmacro %}
