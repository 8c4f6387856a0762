{#-
    fold_of(key, folds): which of `folds` parts a row belongs to, 0-based, by a hash of its key.

    Rows of one key are in one fold, in every job and every build. The first four hexadecimal
    digits of an MD5 decide: 65 536 values, so folds differ in expected size by 1/65 536.

    key:   varchar expression, what is drawn together (a cluster); null gives null.
    folds: how many, a literal from 2 to 16.
    Result: integer.
-#}
{% macro fold_of(key, folds) -%}
    {%- set digest = md5_hex("'fold|' || " ~ key) -%}
    mod(
        {%- for place in range(4) %}
        (strpos('0123456789abcdef', substr({{ digest }}, {{ place + 1 }}, 1)) - 1)
        * {{ 16 ** (3 - place) }} {{ '+' if not loop.last }}
        {%- endfor %},
        {{ folds }}
    )
{%- endmacro %}
