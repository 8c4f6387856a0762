{#-
    clustered_mean_columns(name, x): the mean of what clustered_sums gathered as x, as columns.

    `<name>` = total / n, `<name>_stderr` clustered, `<name>_lower` and `<name>_upper` by Student's t
    with C - 1 degrees of freedom (F2 of the statistics page). Not kept inside any range. Null
    without a trial; the error and the interval null with one cluster.
-#}
{% macro clustered_mean_columns(name, x) -%}
    {%- set mean -%} ({{ x }}_total / nullif({{ x }}_n, 0e0)) {%- endset -%}
    {%- set stderr -%}
        {{ clustered_stderr(
            x ~ '_n', x ~ '_total', x ~ '_clusters',
            x ~ '_total_square', x ~ '_total_cross', x ~ '_size_square'
        ) }}
    {%- endset -%}
    {%- set t -%} {{ t_quantile(var('interval_level'), '(' ~ x ~ '_clusters - 1)') }} {%- endset -%}
    {{ mean }} as {{ name }},
        {{ stderr }} as {{ name }}_stderr,
        {{ mean }} - {{ t }} * {{ stderr }} as {{ name }}_lower,
        {{ mean }} + {{ t }} * {{ stderr }} as {{ name }}_upper
{%- endmacro %}
