{#-
    Every `view` model on Athena: replaced in one step, its columns described in Glue.
    dbt-athena's own version makes eight more calls a view, to tidy versions that we do not keep.
-#}
{% materialization view, adapter='athena' %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and not existing.is_view -%}
        {%- do drop_relation(existing) -%}  {#- the model was a table until now -#}
    {%- endif -%}
    {% call statement('main') -%}
        {{ create_view_as(view, compiled_code) }}
    {%- endcall %}
    {%- do describe_in_glue(view, {}) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
