{#-
    near(left, right): whether two numbers are the same but for how they were written.

    |a - b| <= 1e-6 * max(1, |a|): files hold numbers that passed through single precision.

    left, right: double expressions. Null where either is null.
-#}
{% macro near(left, right) -%}
    (abs(({{ left }}) - ({{ right }})) <= 1e-6 * (case when abs({{ left }}) > 1e0 then abs({{ left }}) else 1e0 end))
{%- endmacro %}
