{#-
    clustered_rate_columns(name, x): a rate of what clustered_sums gathered as x, as columns.

    `<name>` = total / n, `<name>_stderr` clustered, `<name>_lower` and `<name>_upper` by Wilson with
    the trials that n is worth. The design effect is that of trials that come out 0 or 1, which is
    the most that values in between can scatter, so votes that count a half are covered too.
    Null without a trial; the error null with one cluster.
-#}
{% macro clustered_rate_columns(name, x) -%}
    {%- set rate -%} ({{ x }}_total / nullif({{ x }}_n, 0e0)) {%- endset -%}
    {%- set stderr -%}
        {{ clustered_stderr(
            x ~ '_n', x ~ '_total', x ~ '_clusters',
            x ~ '_total_square', x ~ '_total_cross', x ~ '_size_square'
        ) }}
    {%- endset -%}
    {%- set effect -%}
        {{ design_effect(stderr, x ~ '_n', x ~ '_total', x ~ '_total', x ~ '_clusters') }}
    {%- endset -%}
    {%- set worth -%} {{ effective_n(x ~ '_n', x ~ '_clusters', effect) }} {%- endset -%}
    {{ rate }} as {{ name }},
        {{ stderr }} as {{ name }}_stderr,
        {{ wilson_bound(rate, worth, 'lower') }} as {{ name }}_lower,
        {{ wilson_bound(rate, worth, 'upper') }} as {{ name }}_upper
{%- endmacro %}
