{#-
    log_gamma(x): the logarithm of the gamma function, which neither engine need have.

    Stirling's series from 16 on; below, by the recurrence ln gamma(x) = ln gamma(x + 16) minus the
    logarithm of x (x + 1) .. (x + 15).

    x: double expression > 0; null gives null.
    Reference: scipy.special.gammaln.
-#}
{% macro log_gamma(x) -%}
    (case
        when {{ x }} >= 16e0 then {{ _stirling(x) }}
        when {{ x }} > 0e0
            then {{ _stirling('(' ~ x ~ ' + 16e0)') }} - ln(
                {{ x }}
                {%- for k in range(1, 16) %} * ({{ x }} + {{ k }}e0){% endfor %}
            )
    end)
{%- endmacro %}


{% macro _stirling(x) -%}
    (
        ({{ x }} - 0.5e0) * ln({{ x }}) - {{ x }} + 0.9189385332046727e0
        + (
            1e0 / 12e0 - (
                1e0 / 360e0 - (
                    1e0 / 1260e0 - (1e0 / 1680e0 - 1e0 / (1188e0 * {{ x }} * {{ x }}))
                    / ({{ x }} * {{ x }})
                ) / ({{ x }} * {{ x }})
            ) / ({{ x }} * {{ x }})
        ) / {{ x }}
    )
{%- endmacro %}
