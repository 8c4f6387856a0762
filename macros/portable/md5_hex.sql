{#-
    md5_hex(text): the MD5 of a text's UTF-8 bytes as 32 lower-case hexadecimal digits.

    Engines differ: DuckDB's md5 takes a text and gives the digits; Trino's takes bytes and gives
    bytes.

    text: varchar expression. Null where it is null.
-#}
{% macro md5_hex(text) -%}
    {{ return(adapter.dispatch('md5_hex', 'evallake')(text)) }}
{%- endmacro %}

{% macro duckdb__md5_hex(text) -%}
    {{ return('md5(' ~ text ~ ')') }}
{%- endmacro %}

{% macro athena__md5_hex(text) -%}
    {{ return('lower(to_hex(md5(to_utf8(' ~ text ~ '))))') }}
{%- endmacro %}

{% macro default__md5_hex(text) -%}
    {{ exceptions.raise_compiler_error(
        "md5_hex has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__md5_hex to macros/portable/md5_hex.sql"
    ) }}
{%- endmacro %}
