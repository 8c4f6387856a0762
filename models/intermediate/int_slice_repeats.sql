-- Grain: one row per (slice_id, slice_id_2) in which a cluster with several scored rows occurs.
-- The sums that clustered standard errors need of those clusters; single rows need none of it.

with example_slices as (

    select *
    from {{ ref('int_example_slices') }}
    where cluster_number is not null and is_correct is not null {{ of_changed_slices('and') }}

),

singles as (

    select
        slice_id,
        0 as slice_id_2,
        cluster_number,
        count(*) as cluster_rows,
        count(*) filter (where is_correct) as cluster_correct
    from example_slices
    group by slice_id, cluster_number

),

pairs as (

    select
        first_slices.slice_id,
        second_slices.slice_id as slice_id_2,
        first_slices.cluster_number,
        count(*) as cluster_rows,
        count(*) filter (where first_slices.is_correct) as cluster_correct
    from example_slices as first_slices
    inner join example_slices as second_slices
        on
            first_slices.example_number = second_slices.example_number
            and first_slices.pair_key_number < second_slices.pair_key_number
    group by first_slices.slice_id, second_slices.slice_id, first_slices.cluster_number

),

clusters as (

    select * from singles
    union all
    select * from pairs

),

final as (

    select
        -- ids
        slice_id,
        cast(slice_id_2 as bigint) as slice_id_2,

        -- measures
        count(*) as clusters,
        cast(sum(cluster_correct * cluster_correct) as bigint) as total_square,
        cast(sum(cluster_correct * cluster_rows) as bigint) as total_cross,
        cast(sum(cluster_rows * cluster_rows) as bigint) as size_square
    from clusters
    group by slice_id, slice_id_2

)

select * from final
