{#-
    power_quantile(power, df): the quantile that a power adds to that of the level.

    z (or with `df` Student's t) below which lies the share `power`: 0.84 for 80 %.

    power: 0.8, 0.9 or 0.95, a literal.   df: expression, or none for the normal.
    Reference: scipy.stats.norm.ppf(power), scipy.stats.t.ppf(power, df).
-#}
{% macro power_quantile(power, df=none) -%}
    {%- set levels = {'0.8': '0.6', '0.9': '0.8', '0.95': '0.9'} -%}
    {%- if (power | string) not in levels -%}
        {{ exceptions.raise_compiler_error(
            "no quantile for the power " ~ power ~ "; use one of " ~ (levels | join(', '))
        ) }}
    {%- endif -%}
    {%- if df is none -%}
        {{ normal_quantile(levels[power | string]) }}
    {%- else -%}
        {{ t_quantile(levels[power | string], df) }}
    {%- endif -%}
{%- endmacro %}
