{#-
    of_new_loads(): the `where` of an import CTE in a fact that is kept load by load: only the
    pinned loads that the fact does not hold yet, as literals (up to 300 of them), so that both
    engines read just those partitions. Nothing when the fact is built whole.

    Engines differ: DuckDB writes all new loads in one statement, so their ids are written here.
    Athena writes at most a hundred partitions in one, so here stands a mark, and the
    materialization puts each write's own ids in its place (athena/incremental.sql). On DuckDB a
    load without rows in the fact is looked at again by each build, and gives none again.

    See docs/decisions/0042 and 0087.
-#}
{% macro of_new_loads() -%}
    {{ return(adapter.dispatch('of_new_loads', 'evallake')()) }}
{%- endmacro %}

{% macro duckdb__of_new_loads() -%}
    {%- if not execute -%}
        {%- do ref('stg_lake__current_loads') -%}  {#- tells dbt that the pin comes first -#}
    {%- elif this and may_keep_loads() and is_incremental() -%}  {#- no `this` in unit tests -#}
        {%- set pin = ref('stg_lake__current_loads') -%}
        {%- set missing -%}
            select pin.load_id
            from {{ pin }} as pin
            where pin.load_id not in (select kept.load_id from {{ this }} as kept)
            order by pin.load_id asc
        {%- endset -%}
        {%- set load_ids = run_query(missing).columns[0].values() -%}
        {%- if load_ids | length > 300 -%}  {#- each literal is held against each file's path -#}
            where load_id in ({{ missing }})
        {%- elif load_ids -%}
            where load_id in ('{{ load_ids | join("', '") }}')
        {%- else -%}
            where false
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro athena__of_new_loads() -%}
    {%- if not execute -%}
        {%- do ref('stg_lake__current_loads') -%}
    {%- elif this -%}
        /* of_new_loads */
    {%- endif -%}
{%- endmacro %}

{% macro default__of_new_loads() -%}
    {{ exceptions.raise_compiler_error(
        "of_new_loads has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__of_new_loads to macros/portable/of_new_loads.sql"
    ) }}
{%- endmacro %}
