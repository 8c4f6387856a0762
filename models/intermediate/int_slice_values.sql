-- Grain: one row per (job_id, slice_key, slice_value), as in fct_example_slices.
-- Numbers every slice that is shown. A key with more values than slice_max_values keeps its most
-- frequent ones; the rest share the value `(other)`.

with example_slices as (

    select * from {{ ref('fct_example_slices') }} {{ of_changed_loads(compared='candidates') }}

),

counted as (

    select
        job_id,
        slice_key,
        slice_value,
        -- `all` is what the whole job is called
        case when slice_key = 'all' then 'metadata.all' else slice_key end as shown_key,
        bool_or(is_outcome_slice) as is_outcome_slice,
        count(*) as examples
    from example_slices
    group by job_id, slice_key, slice_value

),

ranked as (

    select
        *,
        row_number() over (
            partition by job_id, slice_key
            -- a value that is called (other) never stands for itself in a capped key
            order by
                case when slice_value = '(other)' then 1 else 0 end asc nulls last,
                examples desc nulls last,
                slice_value asc nulls last
        ) as value_rank,
        count(*) over (partition by job_id, slice_key) as key_values,
        sum(examples) over (partition by job_id, slice_key) as key_examples
    from counted

),

shown as (

    select
        *,
        key_values > {{ var('slice_max_values') }} as is_capped,
        case
            when key_values > {{ var('slice_max_values') }}
                and value_rank > {{ var('slice_max_values') }}
                then '(other)'
            else slice_value
        end as shown_value
    from ranked

),

numbered as (

    select
        *,
        dense_rank() over (
            order by job_id asc, shown_key asc nulls last, shown_value asc nulls last
        ) as slice_id,
        dense_rank() over (partition by job_id order by shown_key asc nulls last) as key_number,
        dense_rank() over (
            partition by job_id
            order by
                key_examples desc nulls last,
                key_values asc nulls last,
                shown_key asc nulls last
        ) as pairing_rank
    from shown

),

final as (

    select
        -- ids
        job_id,
        slice_key,
        slice_value,
        slice_id,
        -- pairs are made of the keys that most examples have; null for the others
        case when pairing_rank <= {{ var('slice_pair_keys') }} then key_number end
            as pair_key_number,

        -- attributes
        shown_key,
        shown_value,
        is_outcome_slice,
        is_capped,
        is_capped and value_rank > {{ var('slice_max_values') }} as is_remainder,

        -- measures
        key_values
    from numbered

)

select * from final
