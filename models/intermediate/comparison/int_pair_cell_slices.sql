-- Grain: one row per (cell_number, slice_id).
-- Which slices the keys of a cell are in.

with cells as (

    select distinct cell_number
    from {{ ref('int_pair_key_cells') }}

),

pair_examples as (

    select *
    from {{ ref('int_pair_examples') }}
    where is_candidate = 1

),

example_slices as (

    select * from {{ ref('int_example_slices') }}

),

slices as (

    select *
    from {{ ref('int_slices') }}
    where slice_id > 0 and not is_outcome_slice

),

final as (

    select distinct
        -- ids
        cells.cell_number,
        example_slices.slice_id,
        example_slices.pair_key_number
    from cells
    inner join pair_examples
        on cells.cell_number = pair_examples.key_number
    inner join example_slices
        on pair_examples.example_number = example_slices.example_number
    inner join slices
        on example_slices.slice_id = slices.slice_id

)

select * from final
