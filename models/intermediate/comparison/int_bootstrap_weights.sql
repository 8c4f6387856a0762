-- Grain: one row per (replicate, group_number) with a weight above 0.
-- The Poisson weights of the bootstrap: how often each hash group of clusters is drawn in each
-- replicate. Made from MD5 alone, so every engine and every build draws the same; all pairs and
-- all their metrics share them. Replicate -1 draws every group once: the data as they are; it is
-- the only one where this build bootstraps no pair.

with groups_of_clusters as (

    select high.k * 64 + low.k as group_number
    from unnest(sequence(0, 63)) as high (k)
    cross join unnest(sequence(0, 63)) as low (k)

),

-- eight replicates come from the 32 digits of one hash
hashed as (

    select
        groups_of_clusters.group_number,
        blocks.k as block,
        {{ md5_hex(
            "cast(blocks.k as varchar) || '|' || cast(groups_of_clusters.group_number as varchar)"
        ) }} as digits
    from groups_of_clusters
    cross join unnest(sequence(0, {{ var('bootstrap_replicates') // 8 - 1 }})) as blocks (k)
    where exists (select 1 from {{ ref('int_changed_pairs') }} where is_bootstrapped)

),

drawn as (

    select
        hashed.block * 8 + parts.k as replicate,
        hashed.group_number,
        substr(hashed.digits, 4 * parts.k + 1, 4) as draw
    from hashed
    cross join unnest(sequence(0, 7)) as parts (k)

),

weighted as (

    select
        replicate,
        group_number,
        {{ poisson_weight('draw') }} as weight
    from drawn

    union all

    select
        -1 as replicate,
        group_number,
        1 as weight
    from groups_of_clusters

),

final as (

    select
        -- ids
        cast(replicate as integer) as replicate,
        cast(group_number as integer) as group_number,

        -- measures
        cast(weight as integer) as weight
    from weighted
    where weight > 0

)

select * from final
