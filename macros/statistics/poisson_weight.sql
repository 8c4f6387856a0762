{#-
    poisson_weight(draw): a Poisson(1) weight from 16 random bits, given as four hexadecimal digits.

    By inverse distribution function: how many of floor(65536 * P(X <= k)), k from 0, lie at or
    below the draw; at most 8, beyond which lies less than 1/65536. Digits of equal length are
    compared as text, which orders them as numbers, so every engine draws the same.

    draw: varchar expression, four lower-case digits. Null gives 0.
    Reference: scipy.stats.poisson(1).
-#}
{% macro poisson_weight(draw) -%}
    (
        {%- for edge in [24109, 48218, 60273, 64291, 65296, 65497, 65530, 65535] %}
        case when {{ draw }} >= '{{ '%04x' | format(edge) }}' then 1 else 0 end
        {{- ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
