{#-
    krippendorff_alpha(ratings, keys, level): agreement of any number of raters, gaps allowed.

    1 - D_o / D_e, observed over expected disagreement (Krippendorff 2011). Items rated once say
    nothing and are left out.

    level 'nominal':  reads one row per item and category with the columns `item`, `category` and
                      `raters` (how many put the item there).
    level 'interval': reads one row per rating with the columns `item` and `rating` (double); values
                      differ by the square of their distance.
    Gives `ratings` (pairable ones, count) and `krippendorff_alpha` per group: null with fewer than
    two pairable ratings, or where nothing could disagree.

    ratings: name of a relation.   keys: its grouping columns.
    Reference: the coincidence matrix, spelt out.
-#}
{% macro krippendorff_alpha(ratings, keys, level='nominal') -%}
    {%- set by = keys | join(', ') -%}
    {%- if level == 'interval' -%}
    select
        {{ by }},
        cast(sum(n) as bigint) as ratings,
        1e0
        - sum((n * square_sum - total * total) / (n - 1e0))
        / nullif(
            (sum(n) * sum(square_sum) - sum(total) * sum(total)) / (sum(n) - 1e0), 0e0
        ) as krippendorff_alpha
    from (
        select
            {{ by }},
            item,
            cast(count(*) as double) as n,
            sum(cast(rating as double)) as total,
            sum(cast(rating as double) * cast(rating as double)) as square_sum
        from {{ ratings }}
        where rating is not null
        group by {{ by }}, item
        having count(*) >= 2
    ) as pairable
    group by {{ by }}
    {%- elif level == 'nominal' -%}
    select
        {{ by }},
        cast(sum(total) as bigint) as ratings,
        1e0
        - (sum(total) - sum(coincidences))
        / nullif((sum(total) * sum(total) - sum(total * total)) / (sum(total) - 1e0), 0e0)
            as krippendorff_alpha
    from (
        select
            {{ by }},
            category,
            sum(n) as total,
            sum(n * (n - 1e0) / (item_ratings - 1e0)) as coincidences
        from (
            select
                {{ by }},
                category,
                cast(raters as double) as n,
                sum(cast(raters as double)) over (partition by {{ by }}, item) as item_ratings
            from {{ ratings }}
        ) as rated
        where item_ratings >= 2e0
        group by {{ by }}, category
    ) as totals
    group by {{ by }}
    {%- else -%}
    {{ exceptions.raise_compiler_error("level is 'nominal' or 'interval', not '" ~ level ~ "'") }}
    {%- endif -%}
{%- endmacro %}
