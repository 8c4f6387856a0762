"""The SQL that the report asks about one job.

One text for both engines, with `:names` where values go; `evallake.report.rows` puts them there.
"""

from __future__ import annotations

BUILD_INFO = "select lake_root, built_at_utc, variables_json from build_info"

JOBS = """
select * from dim_jobs
order by evaluated_at_utc desc nulls last, committed_at_utc desc nulls last, job_id
"""

SUMMARY = "select * from mart_job_summary where job_id = :job_id"

RULES = """
select
    array_join(array_agg(distinct correctness_rule order by correctness_rule), ', ')
        as correctness_rule,
    array_join(array_agg(distinct confidence_name order by confidence_name), ', ')
        as confidence_name
from fct_examples
where job_id = :job_id
"""

HISTOGRAM = """
with placed as (
    select
        least(cast(floor(confidence * :bins) as bigint), :bins - 1) as bin,
        is_correct
    from fct_examples
    where job_id = :job_id and confidence is not null and is_correct is not null
)
select
    bins.bin,
    count(*) filter (where placed.is_correct) as correct,
    count(*) filter (where not placed.is_correct) as wrong
from (select u.bin from unnest(sequence(0, :bins - 1)) as u (bin)) as bins
left join placed on bins.bin = placed.bin
group by bins.bin
order by bins.bin
"""

# metadata first, keys by how far accuracy varies over their values, the weakest value first
SLICES = """
with slices as (
    select
        slice_key,
        slice_value,
        scored_examples as accuracy_n,
        accuracy,
        accuracy_lower,
        accuracy_upper,
        mean_confidence,
        max(accuracy) over (partition by slice_key)
        - min(accuracy) over (partition by slice_key) as spread
    from mart_slice_metrics
    where
        job_id = :job_id
        and not is_pair
        and not is_outcome_slice
        and accuracy is not null
        and key_values between 2 and :most_values
),

ranked as (
    select
        *,
        dense_rank() over (
            order by slice_key in ('gold_label', 'prompt_length_band'), spread desc, slice_key
        ) as place
    from slices
)

select * from ranked
where place <= :keys
order by place, accuracy, slice_value
"""

HEAT = """
with places as (
    select
        slice_key,
        slice_value,
        count(*) over (partition by slice_key) as key_values,
        max(accuracy) over (partition by slice_key)
        - min(accuracy) over (partition by slice_key) as spread
    from mart_slice_metrics
    where
        job_id = :job_id
        and not is_pair
        and not is_outcome_slice
        and key_values between 2 and :most_values
        and slice_key not in ('gold_label', 'prompt_length_band')
),

ranked as (
    select
        *,
        dense_rank() over (order by slice_key <> 'difficulty', spread desc, slice_key) as place
    from places
)

select
    ranked.slice_key,
    ranked.slice_value,
    coalesce(bands.slice_value, 'missing') as band,
    count(*) as n,
    avg(cast(cast(fct_examples.is_correct as integer) as double)) as accuracy
from ranked
inner join fct_example_slices as slices
    on slices.job_id = :job_id
    and ranked.slice_key = slices.slice_key
    and ranked.slice_value = slices.slice_value
inner join fct_examples
    on slices.job_id = fct_examples.job_id and slices.example_id = fct_examples.example_id
left join fct_example_slices as bands
    on slices.job_id = bands.job_id
    and slices.example_id = bands.example_id
    and bands.slice_key = 'confidence_band'
where ranked.place <= :keys
group by
    ranked.place,
    ranked.slice_key,
    ranked.slice_value,
    coalesce(bands.slice_value, 'missing')
order by ranked.place, ranked.slice_value, coalesce(bands.slice_value, 'missing')
"""

# on top of the question of the same name in sql/, so that both say the same
SEGMENTS = """
with asked as (
{segments_needing_attention}
)
select
    slice_key || ' = ' || slice_value
    || coalesce(', ' || slice_key_2 || ' = ' || slice_value_2, '') as name,
    segment_kind,
    scored_examples as accuracy_n,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    mean_confidence,
    coalesce(q_value <= 0.05e0, false) as is_beyond_chance
from asked
where job_id = :job_id
order by is_beyond_chance desc, accuracy_upper, accuracy, name
limit :rows
"""

ERROR_CATEGORIES = """
select error_category, count(*) as n from mart_failures
where job_id = :job_id and error_category is not null
group by error_category
order by n desc, error_category
"""

OVERCONFIDENT = """
select * from mart_failures
where job_id = :job_id and is_overconfident_error
order by confidence desc, example_id
limit :rows
"""

LEAST_CONFIDENT = """
select * from mart_failures
where job_id = :job_id and is_low_confidence
order by confidence, example_id
limit :rows
"""

FINDINGS = "select findings_json from stg_lake__current_loads where job_id = :job_id"
