{#-
    kept_table(otherwise): how a model is materialized whose rows each belong to one job, or to one
    pair of jobs, and that is computed from work tables: for config(materialized=kept_table()).

    DuckDB: kept. A build replaces the rows of changed jobs or pairs in one transaction, and
    touches no others (duckdb/ledger.sql says which have changed).
    Athena: `otherwise`, built whole and swapped (athena/table.sql).

    See docs/decisions/0046.
-#}
{% macro kept_table(otherwise='table') -%}
    {{ return(adapter.dispatch('kept_table', 'evallake')(otherwise)) }}
{%- endmacro %}

{% macro duckdb__kept_table(otherwise) -%}
    {{ return('incremental') }}
{%- endmacro %}

{% macro athena__kept_table(otherwise) -%}
    {{ return(otherwise) }}
{%- endmacro %}

{% macro default__kept_table(otherwise) -%}
    {{ exceptions.raise_compiler_error(
        "kept_table has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__kept_table to macros/portable/kept_table.sql"
    ) }}
{%- endmacro %}
