{#-
    clustered_quantiles(names): Student's quantile for each mean, as columns `x_quantile`.

    C - 1 degrees of freedom at the variable `interval_level`; null with one cluster. For
    x_mean -+ x_quantile * x_stderr.
-#}
{% macro clustered_quantiles(names) -%}
    {%- for x in names %}
        {{ t_quantile(var('interval_level'), '(' ~ x ~ '_clusters - 1)') }} as {{ x }}_quantile
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
