-- Grain: one row per (baseline_job_id, candidate_job_id).
-- Which jobs are compared, and why: one row per ordered pair, with the first reason that applies.
-- Without named baselines the number of pairs grows with the jobs, never with their square.

{%- set baselines = var('baselines') %}
{%- set each_with_each = var('all_pairs_models') %}

with jobs as (

    select * from {{ ref('dim_jobs') }}

),

whole_jobs as (

    select distinct job_id from {{ ref('fct_examples') }}

),

described as (

    select
        jobs.job_id,
        jobs.load_id,
        jobs.dataset_id,
        jobs.evaluated_at_utc,
        -- a job of no known family has a history of its own
        coalesce(jobs.model_family, jobs.job_id) as trend,
        coalesce(jobs.task_name, '') as task_name,
        coalesce(jobs.model_name, jobs.job_id) as model_name,
        whole_jobs.job_id is not null as has_examples,
        {%- if baselines %}
        jobs.job_id in (
            {%- for job_id in baselines %}
            '{{ job_id | string | replace("'", "''") }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ) as is_named,
        {%- else %}
        false as is_named,
        {%- endif %}
        lower(
            coalesce(
                json_extract_scalar(
                    jobs.tags_json, '$.{{ var('baseline_tag') | replace("'", "''") }}'
                ),
                ''
            )
        ) in ('true', 'yes', '1') as is_tagged
    from jobs
    left join whole_jobs on jobs.job_id = whole_jobs.job_id

),

-- judge jobs and others without examples have nothing to be compared by
evaluated as (

    select
        *,
        row_number() over (order by evaluated_at_utc asc nulls first, job_id asc) as job_number,
        lag(job_id) over (
            partition by trend, dataset_id
            order by evaluated_at_utc asc nulls first, job_id asc
        ) as previous_on_data,
        lag(job_id) over (
            partition by trend, task_name
            order by evaluated_at_utc asc nulls first, job_id asc
        ) as previous_on_task,
        row_number() over (
            partition by dataset_id, task_name, model_name
            order by evaluated_at_utc desc nulls last, job_id desc
        ) as recency
    from described
    where has_examples

),

newest as (

    select
        *,
        row_number() over (
            partition by dataset_id, task_name
            order by evaluated_at_utc desc nulls last, job_id desc
        ) as place
    from evaluated
    where recency = 1 and dataset_id is not null

),

wanted as (

    select
        baselines.job_id as baseline_job_id,
        evaluated.job_id as candidate_job_id,
        case when baselines.is_named then 1 else 2 end as preference
    from described as baselines
    cross join evaluated
    where
        (baselines.is_named or baselines.is_tagged)
        and baselines.job_id <> evaluated.job_id

    union all

    select
        coalesce(previous_on_data, previous_on_task) as baseline_job_id,
        job_id as candidate_job_id,
        3 as preference
    from evaluated
    where coalesce(previous_on_data, previous_on_task) is not null

    union all

    select
        earlier.job_id as baseline_job_id,
        later.job_id as candidate_job_id,
        4 as preference
    from newest as earlier
    inner join newest as later
        on
            earlier.dataset_id = later.dataset_id
            and earlier.task_name = later.task_name
            and earlier.job_number < later.job_number
    where
        earlier.place <= {{ each_with_each }}
        and later.place <= {{ each_with_each }}

),

chosen as (

    select
        baseline_job_id,
        candidate_job_id,
        min(preference) as preference
    from wanted
    group by baseline_job_id, candidate_job_id

),

-- a baseline that somebody chose stays the baseline: the pair is not shown the other way round too
kept as (

    select chosen.*
    from chosen
    left join chosen as reversed
        on
            chosen.baseline_job_id = reversed.candidate_job_id
            and chosen.candidate_job_id = reversed.baseline_job_id
            and reversed.preference <= 2
    where chosen.preference <= 2 or reversed.preference is null

),

numbered as (

    select
        kept.baseline_job_id,
        kept.candidate_job_id,
        {{ md5_hex("kept.baseline_job_id || '|' || kept.candidate_job_id") }} as pair_hash,
        case kept.preference
            when 1 then 'named as baseline'
            when 2 then 'tagged as baseline'
            when 3 then 'previous job of the model family'
            else 'newest jobs on the same data'
        end as reason,
        baselines.load_id || ' ' || candidates.load_id as load_ids,
        row_number() over (
            order by
                case when kept.preference <= 2 then 1 else 2 end asc nulls last,
                candidates.job_number desc nulls last,
                kept.baseline_job_id asc
        ) as importance
    from kept
    inner join described as baselines on kept.baseline_job_id = baselines.job_id
    inner join evaluated as candidates on kept.candidate_job_id = candidates.job_id

),

final as (

    select
        -- ids; the number names the pair in every build
        baseline_job_id,
        candidate_job_id,
        {{ hex_number('pair_hash', 1, 15) }} as pair_id,

        -- attributes
        reason,
        importance <= {{ var('bootstrap_pairs') }} as is_bootstrapped,
        load_ids
        || case when importance <= {{ var('bootstrap_pairs') }} then ' bootstrapped, ' else ' ' end
        || reason as made_of,

        -- measures
        importance
    from numbered

)

select * from final
