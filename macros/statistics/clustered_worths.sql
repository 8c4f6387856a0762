{#-
    clustered_worths(names): how many independent trials each rate is worth, as columns `x_worth`.

    Reads what clustered_sums and clustered_means gave. The design effect is that of trials that
    come out 0 or 1, which is the most that values in between can scatter, so that votes which count
    a half are covered too. For wilson_bound(x_mean, x_worth, ...).
-#}
{% macro clustered_worths(names) -%}
    {%- for x in names %}
        {{ effective_n(
            x ~ '_n', x ~ '_clusters',
            design_effect(
                x ~ '_stderr', x ~ '_n', x ~ '_total', x ~ '_total', x ~ '_clusters'
            )
        ) }} as {{ x }}_worth
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
