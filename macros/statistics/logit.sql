{#-
    logit(p): ln(p / (1 - p)), with p kept a millionth away from 0 and 1.

    The clip is what makes a confidence of exactly 1 usable: its log odds are 13.8, not infinite.

    p: double expression in [0, 1]; null gives null.
    Reference: scipy.special.logit of the clipped value.
-#}
{% macro logit(p) -%}
    (case
        when {{ p }} < 1e-6 then -13.815509557963773e0
        when {{ p }} > 1e0 - 1e-6 then 13.815509557963773e0
        else ln({{ p }} / (1e0 - {{ p }}))
    end)
{%- endmacro %}
