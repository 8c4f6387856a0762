-- Grain: one row per (pair_id, pair_key): an example that both jobs of a pair have.
-- By example_key; where a pair has none in common, by item_key (the question and gold answer
-- alone), as far as it names one example in each job.

{%- set is_own_cluster = var('cluster_field') == 'example_key' %}

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

job_keys as (

    select * from {{ ref('int_job_keys') }}

),

same_prompts as (

    select
        requests.pair_id,
        candidates.example_key as pair_key,
        'example_key' as pairing_key,
        baselines.example_key as baseline_example_key,
        candidates.example_key as candidate_example_key,
        baselines.cluster_id,
        baselines.repeats as baseline_repeats,
        candidates.repeats as candidate_repeats
    from requests
    inner join job_keys as candidates
        on requests.candidate_job_id = candidates.job_id
    inner join job_keys as baselines
        on
            requests.baseline_job_id = baselines.job_id
            and candidates.example_key = baselines.example_key

),

other_requests as (

    select *
    from requests
    where pair_id not in (select pair_id from same_prompts)

),

-- an item that a job asks under two system prompts names no single example
job_items as (

    select
        job_id,
        item_key,
        min(example_key) as example_key,
        min(cluster_id) as cluster_id,
        cast(sum(repeats) as bigint) as repeats
    from job_keys
    where
        job_id in (select baseline_job_id from other_requests)
        or job_id in (select candidate_job_id from other_requests)
    group by job_id, item_key
    having count(*) = 1

),

same_items as (

    select
        other_requests.pair_id,
        candidates.item_key as pair_key,
        'item_key' as pairing_key,
        baselines.example_key as baseline_example_key,
        candidates.example_key as candidate_example_key,
        baselines.cluster_id,
        baselines.repeats as baseline_repeats,
        candidates.repeats as candidate_repeats
    from other_requests
    inner join job_items as candidates
        on other_requests.candidate_job_id = candidates.job_id
    inner join job_items as baselines
        on
            other_requests.baseline_job_id = baselines.job_id
            and candidates.item_key = baselines.item_key

),

paired as (

    select * from same_prompts
    union all
    select * from same_items

),

numbered as (

    select
        row_number() over (order by pair_id asc, pair_key asc) as key_number,
        pair_id,
        pair_key,
        pairing_key,
        baseline_example_key,
        candidate_example_key,
        {{ 'pair_key' if is_own_cluster else 'cluster_id' }} as cluster_id,
        baseline_repeats,
        candidate_repeats
    from paired

),
{%- if not is_own_cluster %}

-- a cluster of one key needs no clustering: only the others are followed further
wide_clusters as (

    select
        pair_id,
        cluster_id,
        min(key_number) as cluster_number
    from numbered
    group by pair_id, cluster_id
    having count(*) > 1

),
{%- endif %}

final as (

    select
        -- ids; numbers mean nothing outside this build
        numbered.key_number,
        numbered.pair_id,
        numbered.pair_key,
        numbered.baseline_example_key,
        numbered.candidate_example_key,
        numbered.cluster_id,
        {%- if is_own_cluster %}
        cast(null as bigint) as cluster_number,
        {%- else %}
        wide_clusters.cluster_number,
        {%- endif %}
        cast({{ hex_number(md5_hex('numbered.cluster_id'), 1, 3) }} as integer) as group_number,

        -- attributes
        numbered.pairing_key,

        -- measures
        numbered.baseline_repeats,
        numbered.candidate_repeats
    from numbered
    {%- if not is_own_cluster %}
    left join wide_clusters
        on
            numbered.pair_id = wide_clusters.pair_id
            and numbered.cluster_id = wide_clusters.cluster_id
    {%- endif %}

)

select * from final
