{#-
    clustered_sums(names): columns of sums from which rates with clustered intervals are made.

    Reads a relation with one row per cluster and, for each name x, the columns `x_n` (trials) and
    `x_total` (their sum), null or 0 where the cluster has none. Gives x_n, x_total, x_clusters,
    x_total_square, x_total_cross and x_size_square; see clustered_stderr for what they are.
-#}
{% macro clustered_sums(names) -%}
    {%- for x in names %}
        coalesce(sum({{ x }}_n), 0e0) as {{ x }}_n,
        coalesce(sum({{ x }}_total), 0e0) as {{ x }}_total,
        cast(sum(case when {{ x }}_n > 0e0 then 1 else 0 end) as bigint) as {{ x }}_clusters,
        sum({{ x }}_total * {{ x }}_total) as {{ x }}_total_square,
        sum({{ x }}_total * {{ x }}_n) as {{ x }}_total_cross,
        sum({{ x }}_n * {{ x }}_n) as {{ x }}_size_square
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
