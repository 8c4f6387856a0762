-- Grain: one row per load_id.
-- The pinned loads that this build has to compute: new ones, and those whose last build failed.
-- Rows of other loads are kept. Work tables hold these loads alone.

{{ config(pre_hook="{{ forget_parts('loads') }}") }}

with pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

final as (

    select
        job_id,
        load_id
    from pin {{ not_kept_yet('load_id', 'loads') }}

)

select * from final
