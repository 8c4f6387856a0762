{#-
    clustered_means(names): what clustered_sums gathered, as means with their clustered errors.

    For each name x the columns `x_mean` = total / n and `x_stderr` (see clustered_stderr). Null
    without a trial; the error null with one cluster. A step of its own, since everything that
    follows uses both many times over.
-#}
{% macro clustered_means(names) -%}
    {%- for x in names %}
        {{ x }}_total / nullif({{ x }}_n, 0e0) as {{ x }}_mean,
        {{ clustered_stderr(
            x ~ '_n', x ~ '_total', x ~ '_clusters',
            x ~ '_total_square', x ~ '_total_cross', x ~ '_size_square'
        ) }} as {{ x }}_stderr
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
