{#-
    hex_number(text, start, digits): the whole number that `digits` hexadecimal digits of `text`
    spell, from the 1-based place `start` on.

    Digit by digit, since the engines share no function for it. Lower-case digits only.

    start: integer expression or literal.   digits: a literal, at most 15.
    Result: bigint; null where the text is null.
-#}
{% macro hex_number(text, start, digits) -%}
    cast(
        {%- for place in range(digits) %}
        (strpos('0123456789abcdef', substr({{ text }}, {{ start }} + {{ place }}, 1)) - 1)
        * {{ 16 ** (digits - 1 - place) }}{{ ' +' if not loop.last }}
        {%- endfor %} as bigint
    )
{%- endmacro %}
