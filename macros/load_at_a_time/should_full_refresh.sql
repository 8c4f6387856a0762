{#-
    should_full_refresh(): dbt's own question, asked of every incremental model, answered with
    yes also where the rows it holds were made by another text or other variables (build_digest,
    or the ledger). Nobody has to remember --full-refresh after changing a threshold.
-#}
{% macro should_full_refresh() -%}
    {%- do needs_its_sources() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set asked = flags.FULL_REFRESH -%}
    {%- endif -%}
    {{ return(asked or not may_keep_loads() or is_outdated()) }}
{%- endmacro %}
