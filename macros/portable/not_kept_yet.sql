{#-
    not_kept_yet(part, kind): the `where` of int_changed_loads and int_changed_pairs: rows whose
    `part` some kept model of this build does not hold yet, by today's code and variables.

    part: the column that says what kept rows are made of.   kind: 'loads' or 'pairs'.

    DuckDB asks the ledger (duckdb/ledger.sql). Where dbt also tests, what was built untested is
    not held. Athena computes every load: nothing.
-#}
{% macro not_kept_yet(part, kind) -%}
    {{ return(adapter.dispatch('not_kept_yet', 'evallake')(part, kind)) }}
{%- endmacro %}

{% macro duckdb__not_kept_yet(part, kind) -%}
    {%- if execute and this and may_keep_loads() and not flags.FULL_REFRESH -%}
        {%- set nodes = kept_models(kind) | selectattr('unique_id', 'in', selected_resources) | list -%}
        {%- set tests = [] -%}
        {%- for unique_id in selected_resources if unique_id.startswith('test.') -%}
            {%- do tests.append(unique_id) -%}
        {%- endfor -%}
        {%- set missing = [] -%}
        {%- for node in nodes if load_relation(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        )) is none -%}
            {%- do missing.append(node.name) -%}
        {%- endfor -%}
        {%- set names = nodes | map(attribute='name') | join("', '") -%}
        {%- if not nodes -%}
            where false
        {%- elif not missing and has_ledger() -%}
            where {{ part }} not in (
                select ledger.part
                from {{ ledger() }} as ledger
                where
                    ledger.build_digest = '{{ ledger_digest() }}'
                    and ledger.model_name in ('{{ names }}')
                    {%- if tests %}
                    and ledger.is_tested
                    {%- endif %}
                group by ledger.part
                having count(*) = {{ nodes | length }}
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro athena__not_kept_yet(part, kind) -%}
{%- endmacro %}

{% macro default__not_kept_yet(part, kind) -%}
    {{ exceptions.raise_compiler_error(
        "not_kept_yet has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__not_kept_yet to macros/portable/not_kept_yet.sql"
    ) }}
{%- endmacro %}
