-- Grain: one row per (baseline_job_id, candidate_job_id).
-- The pairs of jobs that this build has to compute: new ones, those with another load of a job, and
-- those whose reason, or whether they are bootstrapped, has changed. Rows of other pairs are kept.

{{ config(pre_hook="{{ forget_parts('pairs') }}") }}

with requests as (

    select * from {{ ref('int_pair_requests') }}

),

final as (

    select
        -- ids
        baseline_job_id,
        candidate_job_id,
        pair_id,

        -- attributes
        reason,
        is_bootstrapped,
        made_of
    from requests {{ not_kept_yet('made_of', 'pairs') }}

)

select * from final
