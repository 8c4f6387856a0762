{#-
    of_changed_slices(word): the `where` (or another condition: word='and') of an import of
    int_example_slices that is not for comparisons: only slices of the loads that this build has to
    compute. That table also holds the candidates of changed pairs, whose own load may be known.

    Nothing where there are no such candidates, on Athena, and in unit tests.
-#}
{% macro of_changed_slices(word='where') -%}
    {{ return(adapter.dispatch('of_changed_slices', 'evallake')(word)) }}
{%- endmacro %}

{% macro duckdb__of_changed_slices(word) -%}
    {%- if not execute -%}
        {%- do ref('int_changed_loads') -%}
        {%- do ref('int_slices') -%}
    {%- elif this and may_keep_loads() -%}
        {%- set slices = relation_of('int_slices') -%}
        {%- set changed = 'select job_id from ' ~ relation_of('int_changed_loads') -%}
        {%- set others = 'select count(*) from ' ~ slices ~ ' where job_id not in (' ~ changed ~ ')' -%}
        {%- if run_query(others).rows[0][0] > 0 -%}
            {{ word }} slice_id in (select slice_id from {{ slices }} where job_id in ({{ changed }}))
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro athena__of_changed_slices(word) -%}
{%- endmacro %}

{% macro default__of_changed_slices(word) -%}
    {{ exceptions.raise_compiler_error(
        "of_changed_slices has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__of_changed_slices to macros/portable/of_changed_slices.sql"
    ) }}
{%- endmacro %}
