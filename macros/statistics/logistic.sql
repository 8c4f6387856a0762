{#-
    logistic(x): 1 / (1 + exp(-x)), the confidence that has these log odds.

    x: double expression; beyond 700 either way the answer is 0 or 1 without an overflow.
    Reference: scipy.special.expit.
-#}
{% macro logistic(x) -%}
    (case
        when {{ x }} < -700e0 then 0e0
        else 1e0 / (1e0 + exp(-({{ x }})))
    end)
{%- endmacro %}
