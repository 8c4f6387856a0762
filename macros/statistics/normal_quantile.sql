{#-
    normal_quantile(level): z such that a standard normal lies in [-z, z] with probability `level`.

    Literals (SciPy's `norm.ppf((1 + level) / 2)`, to the last digit of a double), so that the
    number is the same on both engines and costs nothing per row.

    level: 0.6, 0.8, 0.9, 0.95, 0.98 or 0.99; any other is refused when the project is compiled.
           A one-sided 95 % bound is the lower end of a two-sided 90 % interval.
-#}
{% macro normal_quantile(level) -%}
    {%- set quantiles = {
        '0.6': '0.8416212335729143e0',
        '0.8': '1.2815515655446004e0',
        '0.9': '1.6448536269514722e0',
        '0.95': '1.959963984540054e0',
        '0.98': '2.3263478740408408e0',
        '0.99': '2.5758293035489004e0',
    } -%}
    {%- if (level | string) not in quantiles -%}
        {{ exceptions.raise_compiler_error(
            "no normal quantile for the level " ~ level ~ "; use one of "
            ~ (quantiles | join(', '))
        ) }}
    {%- endif -%}
    {{ quantiles[level | string] }}
{%- endmacro %}
