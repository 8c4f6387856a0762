{#-
    normal_p_value(z): two-sided p of a standard normal, the probability of |Z| >= |z|.

    Also the tail of chi-square with one degree of freedom, of z = its root.

    z: double expression. Null where it is null.
    Reference: 2 * scipy.stats.norm.sf(|z|).
-#}
{% macro normal_p_value(z) -%}
    (case
        when abs({{ z }}) > 37e0 then 0e0
        else 2e0 * normal_cdf(0e0, 1e0, -abs({{ z }}))
    end)
{%- endmacro %}
