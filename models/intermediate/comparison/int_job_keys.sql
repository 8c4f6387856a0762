-- Grain: one row per (job_id, example_key) of the jobs that are compared.
-- What jobs are paired by. Several rows of one key in one job are repeats.

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

compared_jobs as (

    select baseline_job_id as job_id from requests
    union
    select candidate_job_id as job_id from requests

),

final as (

    select
        -- ids
        job_id,
        example_key,
        min(item_key) as item_key,
        min(cluster_id) as cluster_id,

        -- measures
        count(*) as repeats
    from {{ ref('fct_examples') }}
    where job_id in (select job_id from compared_jobs) {{ of_compared_loads(word='and') }}
    group by job_id, example_key

)

select * from final
