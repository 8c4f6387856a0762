-- Grain: one row per (job_id, example_id).
-- What estimates need of an example, as small numbers: marts count outcomes, not examples.

with examples as (

    select * from {{ ref('fct_examples') }} {{ of_changed_loads(compared='both') }}

),

-- clusters with one scored row need no clustering: only the others are followed further
repeated_clusters as (

    select
        job_id,
        cluster_id,
        row_number() over (order by job_id asc, cluster_id asc nulls last) as cluster_number
    from examples
    where is_correct is not null
    group by job_id, cluster_id
    having count(*) > 1

),

coded as (

    select
        examples.job_id,
        examples.example_id,
        {{ fold_of('examples.cluster_id', var('recalibration_folds')) }} as fold,
        repeated_clusters.cluster_number,
        examples.is_correct,
        examples.confidence,
        case when examples.is_correct then 2 when not examples.is_correct then 1 else 0 end
            as correct_code,
        case
            when examples.confidence < cast({{ var('low_confidence') }} as double) then 1
            when examples.confidence >= cast({{ var('low_confidence') }} as double) then 2
            else 0
        end as confidence_code,
        case
            when examples.is_quality_pass then 2 when not examples.is_quality_pass then 1 else 0
        end as quality_code,
        case
            when examples.is_schema_valid then 2 when not examples.is_schema_valid then 1 else 0
        end as schema_code,
        case
            when repeated_clusters.cluster_number is not null and examples.is_correct is not null
                then 1
            else 0
        end as repeat_code
    from examples
    left join repeated_clusters
        on
            examples.job_id = repeated_clusters.job_id
            and examples.cluster_id = repeated_clusters.cluster_id

),

final as (

    select
        -- ids; the number means nothing outside this build
        row_number() over (order by job_id asc, example_id asc) as example_number,
        job_id,
        example_id,
        cluster_number,

        -- attributes
        cast(fold as integer) as fold,
        is_correct,
        cast(
            correct_code + 3 * confidence_code + 9 * quality_code + 27 * schema_code
            + 81 * repeat_code as integer
        ) as outcome_code,
        case
            when is_correct is not null
                then cast({{ equal_width_bin('confidence') }} as integer)
        end as confidence_bin,

        -- measures
        confidence
    from coded

)

select * from final
