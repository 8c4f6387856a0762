{#-
    tested_rows(relation): the `where` of a test whose grain begins with the job, or with the pair of
    jobs: only rows that this build made. The ledger holds no part whose tests failed, so the others
    held when they came, and no later row can break what is promised of one job.

    Nothing, so every row: in a table that is built whole; where this build lists no changed parts
    (`dbt test`); and on Athena.
-#}
{% macro tested_rows(relation) -%}
    {{ return(adapter.dispatch('tested_rows', 'evallake')(relation)) }}
{%- endmacro %}

{% macro duckdb__tested_rows(relation) -%}
    {%- if execute and relation.identifier is defined and may_keep_loads() -%}
        {%- set kept_by_pair = kept_models('pairs') | map(attribute='alias') | list -%}
        {%- set kept_by_load = kept_models('loads') | map(attribute='alias') | list -%}
        {%- if relation.identifier in kept_by_pair
            and 'model.evallake.int_changed_pairs' in selected_resources -%}
            {%- set pairs = relation_of('int_changed_pairs') -%}
            where (baseline_job_id, candidate_job_id) in (
                select (baseline_job_id, candidate_job_id) from {{ pairs }}
            )
        {%- elif relation.identifier in kept_by_load
            and 'model.evallake.int_changed_loads' in selected_resources -%}
            {{ among_pinned('job_id', 'load_id in (select load_id from ' ~ relation_of('int_changed_loads') ~ ')') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro athena__tested_rows(relation) -%}
{%- endmacro %}

{% macro default__tested_rows(relation) -%}
    {{ exceptions.raise_compiler_error(
        "tested_rows has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__tested_rows to macros/portable/tested_rows.sql"
    ) }}
{%- endmacro %}
