-- Grain: one row per (job_id, prompt_key).
-- What a judged prompt adds to every count: votes, places, lengths, scores. A win is response B's,
-- since B is the challenger and A the baseline.

with judgments as (

    select * from {{ ref('stg_lake__judgments') }} {{ of_changed_loads() }}

),

criteria as (

    select * from {{ ref('stg_lake__judgment_criteria') }} {{ of_changed_loads() }}

),

-- the weighted scores anew, where every criterion has what it takes
rubrics as (

    select
        load_id,
        prompt_key,
        count(*) as criteria,
        sum(weight) as weight_sum,
        case
            when count(weight) = count(*) and count(normalized_score_a) = count(*)
                then sum(weight * normalized_score_a)
        end as criteria_score_a,
        case
            when count(weight) = count(*) and count(normalized_score_b) = count(*)
                then sum(weight * normalized_score_b)
        end as criteria_score_b
    from criteria
    group by load_id, prompt_key

),

counted as (

    select
        judgments.*,
        rubrics.criteria,
        rubrics.weight_sum,
        coalesce(judgments.score_a, rubrics.criteria_score_a) as any_score_a,
        coalesce(judgments.score_b, rubrics.criteria_score_b) as any_score_b,
        cast(length(judgments.response_a) as bigint) as response_a_characters,
        cast(length(judgments.response_b) as bigint) as response_b_characters,
        -- 1 where the response shown first was preferred, 0.5 for a tie
        case
            when judgments.forward_verdict = 'A' then 1e0
            when judgments.forward_verdict = 'B' then 0e0
            when judgments.forward_verdict = 'tie' then 0.5e0
        end as forward_first,
        case
            when judgments.backward_verdict = 'B' then 1e0
            when judgments.backward_verdict = 'A' then 0e0
            when judgments.backward_verdict = 'tie' then 0.5e0
        end as backward_first
    from judgments
    left join rubrics
        on
            judgments.load_id = rubrics.load_id
            and judgments.prompt_key = rubrics.prompt_key

),

final as (

    select
        -- ids
        job_id,
        prompt_key,
        item_key as cluster_id,
        task_key,

        -- verdicts
        forward_verdict,
        backward_verdict,
        case when backward_verdict is not null then forward_verdict = backward_verdict end
            as is_consistent,
        (case when forward_first is not null then 1e0 else 0e0 end)
        + (case when backward_first is not null then 1e0 else 0e0 end) as placed_passes,
        coalesce(forward_first, 0e0) + coalesce(backward_first, 0e0) as first_place_wins,

        -- votes
        b_votes as win_votes,
        a_votes as loss_votes,
        coalesce(tie_votes, 0e0) as tie_votes,
        coalesce(error_votes, 0e0) as error_votes,

        -- lengths
        response_a_characters,
        response_b_characters,
        case
            when response_a_characters > response_b_characters then a_votes
            when response_b_characters > response_a_characters then b_votes
        end as longer_votes,
        case
            when response_a_characters > response_b_characters then b_votes
            when response_b_characters > response_a_characters then a_votes
        end as shorter_votes,

        -- rubric
        any_score_a as score_a,
        any_score_b as score_b,
        coalesce(margin_a_minus_b, any_score_a - any_score_b) as margin_a_minus_b,
        criteria,
        weight_sum
    from counted

)

select * from final
