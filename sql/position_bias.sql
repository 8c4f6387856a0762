-- Question: does the judge favour the response it is shown first, or the longer one?
-- Reads:    mart_judge
-- Returns:  one row per judge job and slice with verdicts; preference is 0 for a judge that does
--           not mind the order, consistency 1 where both passes always agree, bounds at 95 %

select
    job_id,
    slice_key,
    slice_value,
    placed_passes,
    first_place_preference,
    first_place_preference_lower,
    first_place_preference_upper,
    two_pass_judgments,
    swap_consistency,
    swap_consistency_lower,
    swap_consistency_upper,
    passes_kappa,
    inconsistent_first,
    inconsistent_second,
    position_sign_test_p_value,
    length_votes,
    longer_response_preference,
    longer_response_preference_lower,
    longer_response_preference_upper
from mart_judge
where placed_passes > 0
order by
    job_id asc,
    case when slice_key = 'all' then 0 else 1 end asc,
    slice_key asc,
    slice_value asc
