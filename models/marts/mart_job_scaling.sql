-- Grain: one row per job_id.
-- How fast a job ran, and what its further instances brought. The base of comparison is the
-- newest job on one instance with the same model family, data and instance type.

with jobs as (

    select * from {{ ref('dim_jobs') }}

),

speeds as (

    select
        job_id,
        model_family,
        dataset_id,
        instance_type,
        replicas,
        examples,
        evaluation_seconds,
        evaluated_at_utc,
        cast(examples as double) / nullif(evaluation_seconds, 0e0) as examples_per_second
    from jobs

),

single_instance as (

    select
        job_id,
        model_family,
        dataset_id,
        instance_type,
        examples_per_second,
        row_number() over (
            partition by model_family, dataset_id, instance_type
            order by evaluated_at_utc desc nulls last, job_id asc
        ) as recency
    from speeds
    where
        replicas = 1
        and examples_per_second > 0e0

),

final as (

    select
        -- ids
        speeds.job_id,
        single_instance.job_id as base_job_id,

        -- attributes
        speeds.model_family,
        speeds.dataset_id,
        speeds.instance_type,
        speeds.replicas,

        -- measures
        speeds.examples,
        speeds.evaluation_seconds,
        speeds.examples_per_second,
        speeds.examples_per_second / nullif(cast(speeds.replicas as double), 0e0)
            as examples_per_second_per_replica,
        single_instance.examples_per_second as base_examples_per_second,
        speeds.examples_per_second / nullif(single_instance.examples_per_second, 0e0) as speedup,
        speeds.examples_per_second / nullif(
            single_instance.examples_per_second * cast(speeds.replicas as double), 0e0
        ) as scaling_efficiency
    from speeds
    left join single_instance
        on
            speeds.model_family = single_instance.model_family
            and speeds.dataset_id = single_instance.dataset_id
            and speeds.instance_type is not distinct from single_instance.instance_type
            and single_instance.recency = 1

)

select * from final
