{#-
    is_outdated(): whether a fact as it stands was made by another text or other variables than
    today's, or cannot tell.

    Engines differ: on DuckDB the rows tell (column build_digest), and of other kept tables the
    ledger; on Athena the Glue entry of the fact does, so that no build scans a fact to find out.
-#}
{% macro is_outdated() -%}
    {%- if not execute or model.config.materialized != 'incremental' -%}
        {{ return(False) }}
    {%- endif -%}
    {{ return(adapter.dispatch('is_outdated', 'evallake')()) }}
{%- endmacro %}

{% macro duckdb__is_outdated() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is none -%}
        {{ return(False) }}
    {%- endif -%}
    {%- if config.get('incremental_strategy') != 'append' -%}
        {{ return(not is_in_ledger(model.name)) }}
    {%- endif -%}
    {%- set names = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- if 'build_digest' not in names -%}
        {{ return(True) }}
    {%- endif -%}
    {%- set digests -%}
        select min(build_digest) as lowest, max(build_digest) as highest from {{ existing }}
    {%- endset -%}
    {%- set row = run_query(digests).rows[0] -%}
    {%- set wanted = build_digest() | replace("'", '') -%}
    {%- set is_outdated = row[0] != wanted or row[1] != wanted -%}
    {%- if is_outdated and row[0] is not none and is_in_ledger(model.name) -%}
        {#- then work tables hold too little to make the others anew -#}
        {{ exceptions.raise_compiler_error(
            this ~ " holds rows that today's models did not make, though the ledger says so: build with "
            ~ "--full-refresh"
        ) }}
    {%- endif -%}
    {{ return(is_outdated) }}
{%- endmacro %}

{% macro athena__is_outdated() -%}
    {%- set noted = fact_parameters(this) -%}
    {{ return(noted.get('build_digest') != build_digest() | replace("'", '')) }}
{%- endmacro %}

{% macro default__is_outdated() -%}
    {{ exceptions.raise_compiler_error(
        "is_outdated has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__is_outdated to macros/portable/is_outdated.sql"
    ) }}
{%- endmacro %}
