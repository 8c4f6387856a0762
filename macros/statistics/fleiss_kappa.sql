{#-
    fleiss_kappa(ratings, keys): agreement of several raters beyond chance, per group.

    Reads one row per item and category with the column `raters` (how many put the item there), the
    item in `item`, the category in `category`, and gives `items`, `raters_per_item` and
    `fleiss_kappa` per group (Fleiss 1971). Every item must have the same number of raters, two or
    more: the value is null otherwise, and where chance alone would agree always.

    ratings: name of a relation.   keys: its grouping columns.
    Reference: statsmodels.stats.inter_rater.fleiss_kappa.
-#}
{% macro fleiss_kappa(ratings, keys) -%}
    {%- set by = keys | join(', ') -%}
    {%- set joined = [] -%}
    {%- for key in keys -%}
        {%- do joined.append('by_item.' ~ key ~ ' = by_category.' ~ key) -%}
    {%- endfor -%}
    {%- set m -%} cast(by_item.raters_per_item as double) {%- endset -%}
    {%- set n -%} cast(by_item.items as double) {%- endset -%}
    select
        by_item.*,
        case
            when by_item.raters_per_item >= 2 and by_item.raters_per_item = by_item.most_raters
                then
                    (
                        (by_item.square_sum - {{ n }} * {{ m }}) / ({{ n }} * {{ m }} * ({{ m }} - 1e0))
                        - by_category.square_sum / ({{ n }} * {{ n }} * {{ m }} * {{ m }})
                    )
                    / nullif(
                        1e0 - by_category.square_sum / ({{ n }} * {{ n }} * {{ m }} * {{ m }}), 0e0
                    )
        end as fleiss_kappa
    from (
        select
            {{ by }},
            count(*) as items,
            min(raters) as raters_per_item,
            max(raters) as most_raters,
            sum(squares) as square_sum
        from (
            select
                {{ by }},
                item,
                cast(sum(raters) as bigint) as raters,
                sum(cast(raters as double) * cast(raters as double)) as squares
            from {{ ratings }}
            group by {{ by }}, item
        ) as rated
        group by {{ by }}
    ) as by_item
    inner join (
        select
            {{ by }},
            sum(total * total) as square_sum
        from (
            select
                {{ by }},
                category,
                sum(cast(raters as double)) as total
            from {{ ratings }}
            group by {{ by }}, category
        ) as totals
        group by {{ by }}
    ) as by_category on {{ joined | join(' and ') }}
{%- endmacro %}
