-- Question: which examples did the candidate get wrong that the baseline had right?
-- Reads:    mart_example_deltas, mart_model_deltas
-- Returns:  one row per pair of jobs and example that regressed, both answers side by side, what
--           the candidate was surest of first; beside it how many examples went each way in the
--           pair, and whether that is more than chance

select
    examples.baseline_job_id,
    examples.candidate_job_id,
    examples.gold_label,
    examples.baseline_label,
    examples.candidate_label,
    examples.query,
    examples.gold_text,
    examples.baseline_answer,
    examples.candidate_answer,
    examples.baseline_correct_ratio,
    examples.candidate_correct_ratio,
    examples.candidate_confidence,
    deltas.wins as improved_examples,
    deltas.losses as regressed_examples,
    deltas.q_value,
    deltas.verdict,
    examples.pair_key,
    examples.candidate_example_id
from mart_example_deltas as examples
inner join mart_model_deltas as deltas
    on
        examples.baseline_job_id = deltas.baseline_job_id
        and examples.candidate_job_id = deltas.candidate_job_id
        and deltas.metric_name = 'correctness'
where examples.outcome = 'regressed'
order by
    examples.baseline_job_id asc,
    examples.candidate_job_id asc,
    examples.delta asc nulls last,
    examples.candidate_confidence desc nulls last,
    examples.pair_key asc
