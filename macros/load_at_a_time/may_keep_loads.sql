{#-
    may_keep_loads(): whether models may ask the database which rows they hold already.

    No with the variable load_at_a_time: false, and no under --no-introspect, so that
    `dbt compile --no-introspect` needs no database.
-#}
{% macro may_keep_loads() -%}
    {{ return(var('load_at_a_time') and flags.INTROSPECT) }}
{%- endmacro %}
