-- Question: how sure is the model where, and how right, as a cross-table with counts?
-- Reads:    fct_example_slices, fct_examples
-- Returns:  one row per job, slice key and slice value; a column of counts per confidence band
--           (Low up to 0.3, Medium up to 0.7, High above), how many have no confidence, and per
--           band the correct ones and the accuracy, a ratio in [0, 1], null where none is scored

with slices as (

    select
        job_id,
        example_id,
        slice_key,
        slice_value,
        is_outcome_slice,
        -- over the rows of an example, so that the slices are read once and not twice
        max(case when slice_key = 'confidence_band' then slice_value end) over (
            partition by job_id, example_id
        ) as confidence_band
    from fct_example_slices

),

placed as (

    select
        slices.job_id,
        slices.slice_key,
        slices.slice_value,
        slices.confidence_band,
        fct_examples.confidence,
        fct_examples.is_correct
    from slices
    inner join fct_examples
        on
            slices.job_id = fct_examples.job_id
            and slices.example_id = fct_examples.example_id
    where not slices.is_outcome_slice

)

select
    job_id,
    slice_key,
    slice_value,
    count(*) as examples,
    count(*) filter (where confidence_band = 'Low') as low_confidence,
    count(*) filter (where confidence_band = 'Medium') as medium_confidence,
    count(*) filter (where confidence_band = 'High') as high_confidence,
    count(*) filter (where confidence_band is null) as without_confidence,
    count(*) filter (where confidence_band = 'Low' and is_correct) as low_correct,
    count(*) filter (where confidence_band = 'Medium' and is_correct) as medium_correct,
    count(*) filter (where confidence_band = 'High' and is_correct) as high_correct,
    avg(case when is_correct then 1e0 else 0e0 end)
        filter (where confidence_band = 'Low' and is_correct is not null) as low_accuracy,
    avg(case when is_correct then 1e0 else 0e0 end)
        filter (where confidence_band = 'Medium' and is_correct is not null) as medium_accuracy,
    avg(case when is_correct then 1e0 else 0e0 end)
        filter (where confidence_band = 'High' and is_correct is not null) as high_accuracy,
    avg(confidence) as mean_confidence
from placed
group by job_id, slice_key, slice_value
order by job_id asc, slice_key asc nulls last, slice_value asc nulls last
