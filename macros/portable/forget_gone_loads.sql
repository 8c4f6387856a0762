{#-
    forget_gone_loads(): before a fact grows, remove the rows of every load that is no longer
    pinned, also where the job's newer load brings no rows or the job was dropped.

    Engines differ: DuckDB deletes rows, here and now; nobody reads the file that is being built.
    Athena's facts are read while they are built, and Hive tables know no delete: there the
    materialization hides gone loads in the step that shows the new ones, and removes their
    partitions a build later (athena/incremental.sql). Does nothing while the fact is built whole.
-#}
{% macro forget_gone_loads() -%}
    {{ return(adapter.dispatch('forget_gone_loads', 'evallake')()) }}
{%- endmacro %}

{% macro duckdb__forget_gone_loads() -%}
    {%- if not execute -%}
        {%- do ref('stg_lake__current_loads') -%}
    {%- elif may_keep_loads() and is_incremental() -%}
        {%- set pin = ref('stg_lake__current_loads') -%}
        delete from {{ this }}
        where load_id not in (select pin.load_id from {{ pin }} as pin)
    {%- endif -%}
{%- endmacro %}

{% macro athena__forget_gone_loads() -%}
{%- endmacro %}

{% macro default__forget_gone_loads() -%}
    {{ exceptions.raise_compiler_error(
        "forget_gone_loads has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__forget_gone_loads to macros/portable/forget_gone_loads.sql"
    ) }}
{%- endmacro %}
