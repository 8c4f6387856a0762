-- Grain: one row per key_number that is in a slice.
-- Keys of a pair that are in exactly the same slices share a cell: sums are taken per cell first,
-- and slices and pairs of slices are sums of cells.
-- Slices are the candidate's, and only those that are known before the answer.

with pair_examples as (

    select *
    from {{ ref('int_pair_examples') }}
    where is_candidate = 1

),

example_slices as (

    select *
    from {{ ref('int_example_slices') }}
    where slice_id in (
        select slice_id
        from {{ ref('int_slices') }}
        where slice_id > 0 and not is_outcome_slice
    )

),

key_slices as (

    select
        pair_examples.key_number,
        pair_examples.pair_id,
        array_join(
            array_sort(array_distinct(array_agg(example_slices.slice_id))), ','
        ) as slice_set
    from pair_examples
    inner join example_slices
        on pair_examples.example_number = example_slices.example_number
    group by pair_examples.key_number, pair_examples.pair_id

),

cells as (

    select
        pair_id,
        slice_set,
        min(key_number) as cell_number
    from key_slices
    group by pair_id, slice_set

),

final as (

    select
        -- ids; a cell has the smallest number of its keys
        key_slices.key_number,
        cells.cell_number
    from key_slices
    inner join cells
        on
            key_slices.pair_id = cells.pair_id
            and key_slices.slice_set = cells.slice_set

)

select * from final
