{#-
    logit_bin(x): which of 1 000 bins of equal width, from -13.83 to 13.84, log odds fall into.

    The edges lie off the log odds of round confidences (0 is no edge), so that a last digit that
    engines compute differently moves nothing.

    x: double expression as `logit` gives it. Result: integer from 0 to 999.
-#}
{% macro logit_bin(x) -%}
    cast(floor(({{ x }} + 13.827e0) / 0.02766e0) as integer)
{%- endmacro %}
