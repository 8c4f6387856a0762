{#-
    tie_blocks(rows, by): the answers of each group in order of confidence, ties as one block.

    Every ranking statistic is computed from blocks, never from single rows in an order that the
    engine happens to choose: rows with the same confidence cannot be told apart.

    What lies above comes from two ranks, among all and among answers as right (or as wrong): a
    running sum says the same and takes DuckDB several times as long.

    rows: a relation or CTE with the columns of `by`, `confidence` (double, not null) and
          `is_correct` (boolean, not null): filter before.
    by:   list of columns that identify a group.
    Result: one row per (by, confidence): `examples`, `correct`, how many of the group lie above
          (`examples_above`, `correct_above`), and the group's `total_examples`, `total_correct`;
          all bigint counts.
-#}
{% macro tie_blocks(rows, by) -%}
    {%- set group = by | join(', ') -%}
    select
        *,
        cast(sum(examples) over (partition by {{ group }}) as bigint) as total_examples,
        cast(sum(correct) over (partition by {{ group }}) as bigint) as total_correct
    from (
        select
            {{ group }},
            confidence,
            count(*) as examples,
            count(*) filter (where is_correct) as correct,
            cast(max(place) - 1 as bigint) as examples_above,
            cast(
                max(case when is_correct then own_place - 1 else place - own_place end) as bigint
            ) as correct_above
        from (
            select
                {{ group }},
                confidence,
                is_correct,
                rank() over (partition by {{ group }} order by confidence desc nulls last) as place,
                rank() over (
                    partition by {{ group }}, is_correct order by confidence desc nulls last
                ) as own_place
            from {{ rows }}
        ) as ranked
        group by {{ group }}, confidence
    ) as blocks
{%- endmacro %}
