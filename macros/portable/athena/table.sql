{#-
    Every `table` model on Athena: written beside the old one, then put in its place by one
    update of its Glue entry, with its comments. Readers never find it missing or half, also under
    --full-refresh; a query that began on the old files finishes on them, since the files of the
    last builds stay (versions_to_keep).

    dbt-athena's own version drops the table first unless `ha` is set, and with --full-refresh
    even then; and it asks Athena two more statements a model.

    See docs/decisions/0086.
-#}
{% materialization table, adapter='athena', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and existing.is_view -%}
        {%- do drop_relation(existing) -%}  {#- the model was a view until now -#}
        {%- set existing = none -%}
    {%- endif -%}
    {%- set written = target_relation if existing is none else beside(this, '__next') -%}

    {{ run_hooks(pre_hooks) }}

    {%- if existing is not none -%}
        {%- do adapter.delete_from_glue_catalog(written) -%}  {#- left by a build that broke off -#}
    {%- endif -%}
    {% call statement('main') -%}
        {{ create_table_as(False, written, compiled_code) }}
    {%- endcall %}
    {%- do describe_in_glue(written, {'classification': 'parquet'}) -%}
    {%- if existing is not none -%}
        {%- do adapter.swap_table(written, target_relation) -%}
        {%- do adapter.delete_from_glue_catalog(written) -%}  {#- the entry alone: its files are in use now -#}
        {%- do adapter.expire_glue_table_versions(
            target_relation, config.get('versions_to_keep', default=3), True
        ) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- beside(relation, suffix): a table of the same schema whose files lie where the relation's do -#}
{% macro beside(relation, suffix) -%}
    {{ return(api.Relation.create(
        database=relation.database,
        schema=relation.schema,
        identifier=relation.identifier ~ suffix,
        s3_path_table_part=relation.identifier,
        type='table'
    )) }}
{%- endmacro %}


{#- describe_in_glue(relation, parameters): the model's description, those of its columns, and
    `parameters`, all on the Glue entry of `relation`, in one update. A view's own comment is how
    engines know it for one, so that stays as it is. -#}
{% macro describe_in_glue(relation, parameters) -%}
    {%- set meta = dict(model['config'].get('meta', {}), **parameters) -%}
    {%- set described = dict(model, config=dict(model['config'], meta=meta)) -%}
    {%- if relation.is_view -%}
        {%- do described.update({'description': 'Presto View'}) -%}
    {%- endif -%}
    {%- do adapter.persist_docs_to_glue(
        relation=relation,
        model=described,
        persist_relation_docs=True,
        persist_column_docs=True,
        skip_archive_table_version=True
    ) -%}
{%- endmacro %}
