{#-
    What the ledger of kept rows is told (duckdb/ledger.sql has its story):

        forget_parts(kind)          before changed parts are listed: forget what this build will
                                    overwrite, should it break off
        note_kept_parts(results)    on-run-end: note what is kept now, if nothing failed
        needs_its_sources()         before a kept model is written: refuse a selection of models
                                    that leaves out what its new rows are made from

    ledger_entries(what, argument) hands them to the engine. Only DuckDB has a ledger.
-#}
{% macro forget_parts(kind) -%}
    {{ return(ledger_entries('forget', kind)) }}
{%- endmacro %}

{% macro note_kept_parts(results) -%}
    {{ return(ledger_entries('note', results)) }}
{%- endmacro %}

{% macro needs_its_sources() -%}
    {{ return(ledger_entries('check', none)) }}
{%- endmacro %}

{% macro ledger_entries(what, argument) -%}
    {{ return(adapter.dispatch('ledger_entries', 'evallake')(what, argument)) }}
{%- endmacro %}

{% macro duckdb__ledger_entries(what, argument) -%}
    {%- if not execute -%}
        {{ return('') }}
    {%- elif what == 'forget' -%}
        {{ return(forgetting_sql(argument)) }}
    {%- elif what == 'note' -%}
        {{ return(noting_sql(argument)) }}
    {%- else -%}
        {{ return(refuse_lost_rows()) }}
    {%- endif -%}
{%- endmacro %}

{% macro athena__ledger_entries(what, argument) -%}
    {{ return('') }}
{%- endmacro %}

{% macro default__ledger_entries(what, argument) -%}
    {{ exceptions.raise_compiler_error(
        "ledger_entries has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__ledger_entries to macros/portable/ledger_entries.sql"
    ) }}
{%- endmacro %}
