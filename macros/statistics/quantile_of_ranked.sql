{#-
    quantile_of_ranked(value, place, n, share): an exact quantile, as an aggregate.

    Linear interpolation between the two values around the place share * (n - 1) (R's type 7,
    NumPy's default), from values that were given their place by row_number.

    value: double expression.   place: its 1-based rank in the group.   n: size of the group.
    share: a literal in [0, 1]. Null for a group without values.
    Reference: numpy.quantile.
-#}
{% macro quantile_of_ranked(value, place, n, share) -%}
    {%- set distance -%}
        abs(
            cast({{ place }} - 1 as double)
            - {{ share | round(6) }}e0 * cast({{ n }} - 1 as double)
        )
    {%- endset -%}
    sum(case when {{ distance }} < 1e0 then {{ value }} * (1e0 - {{ distance }}) end)
{%- endmacro %}
