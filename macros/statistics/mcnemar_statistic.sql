{#-
    mcnemar_statistic(b, c, corrected): McNemar's chi-square with one degree of freedom.

    (b - c)^2 / (b + c), or with Edwards' continuity correction (|b - c| - 1)^2 / (b + c), where
    b and c count the pairs that only the one and only the other side got right. 0 where b + c = 0
    (nothing speaks for a difference); the correction never lifts |b - c| = 0 above 0.

    b, c: integer expressions. Null where either is null.
    Reference: statsmodels.stats.contingency_tables.mcnemar(exact=False).
-#}
{% macro mcnemar_statistic(b, c, corrected=false) -%}
    {%- set gap = "abs(cast(" ~ b ~ " - " ~ c ~ " as double))" -%}
    {%- if corrected -%}
        {%- set gap = "(case when " ~ b ~ " = " ~ c ~ " then 0e0 else " ~ gap ~ " - 1e0 end)" -%}
    {%- endif -%}
    (case
        when {{ b }} + {{ c }} = 0 then 0e0
        else {{ gap }} * {{ gap }} / cast({{ b }} + {{ c }} as double)
    end)
{%- endmacro %}
