-- Grain: one row per (job_id, slice_key, slice_value).
-- Which of two responses the judge prefers, and how far it can be believed. A win is response B's.
-- A job that wrote no rows per prompt has one row that says so and shows the container's aggregate.

{{ config(materialized=kept_table()) }}
{%- set rates = ['decided', 'halved', 'placed', 'swapped', 'longer', 'failed'] %}
{%- set means = ['scored_a', 'scored_b', 'margin'] %}

with judgments as (

    select * from {{ ref('int_judgments') }}

),

slices as (

    select * from {{ ref('int_judgment_slices') }}

),

reported_metrics as (

    select * from {{ ref('stg_lake__job_metrics') }}
    where
        task_key <> 'all'
        and coalesce(subtask, '-') <> '_average'
        {{ of_changed_loads(word='and') }}

),

-- both passes of a prompt, and every response pair of it, are one cluster
clusters as (

    select
        slices.job_id,
        slices.slice_key,
        slices.slice_value,
        judgments.cluster_id,
        slices.is_capped_key,
        count(*) as judgments,
        cast(sum(case when judgments.is_consistent is not null then 1 else 0 end) as bigint)
            as two_pass_judgments,

        sum(judgments.win_votes) as wins,
        sum(judgments.loss_votes) as losses,
        sum(case when judgments.win_votes is not null then judgments.tie_votes end) as ties,
        sum(judgments.error_votes) as inference_errors,

        sum(judgments.win_votes + judgments.loss_votes) as decided_n,
        sum(judgments.win_votes) as decided_total,
        sum(judgments.win_votes + judgments.loss_votes + judgments.tie_votes) as halved_n,
        sum(judgments.win_votes + 0.5e0 * judgments.tie_votes) as halved_total,
        sum(judgments.placed_passes) as placed_n,
        sum(judgments.first_place_wins) as placed_total,
        sum(case when judgments.is_consistent is not null then 1e0 end) as swapped_n,
        sum(
            case
                when judgments.is_consistent then 1e0
                when not judgments.is_consistent then 0e0
            end
        ) as swapped_total,
        sum(judgments.longer_votes + judgments.shorter_votes) as longer_n,
        sum(judgments.longer_votes) as longer_total,
        sum(
            coalesce(judgments.win_votes, 0e0) + coalesce(judgments.loss_votes, 0e0)
            + judgments.tie_votes + judgments.error_votes
        ) as failed_n,
        sum(judgments.error_votes) as failed_total,
        sum(case when judgments.score_a is not null then 1e0 end) as scored_a_n,
        sum(judgments.score_a) as scored_a_total,
        sum(case when judgments.score_b is not null then 1e0 end) as scored_b_n,
        sum(judgments.score_b) as scored_b_total,
        sum(case when judgments.margin_a_minus_b is not null then 1e0 end) as margin_n,
        sum(judgments.margin_a_minus_b) as margin_total,
        cast(
            sum(
                case
                    when judgments.weight_sum < 1e0 - 1e-6 or judgments.weight_sum > 1e0 + 1e-6
                        then 1
                    else 0
                end
            ) as bigint
        ) as unbalanced_rubrics,

        -- both passes: how often which verdict, and which place won where they disagree
        {%- for verdict in ['A', 'B', 'tie'] %}
        cast(
            sum(
                case
                    when
                        judgments.is_consistent is not null
                        and judgments.forward_verdict = '{{ verdict }}' then 1
                    else 0
                end
            ) as bigint
        ) as forward_{{ verdict | lower }},
        cast(
            sum(
                case
                    when
                        judgments.is_consistent is not null
                        and judgments.backward_verdict = '{{ verdict }}' then 1
                    else 0
                end
            ) as bigint
        ) as backward_{{ verdict | lower }},
        {%- endfor %}
        cast(
            sum(
                case
                    when not judgments.is_consistent and judgments.first_place_wins > 1e0 then 1
                    else 0
                end
            ) as bigint
        ) as inconsistent_first,
        cast(
            sum(
                case
                    when not judgments.is_consistent and judgments.first_place_wins < 1e0 then 1
                    else 0
                end
            ) as bigint
        ) as inconsistent_second
    from slices
    inner join judgments
        on
            slices.job_id = judgments.job_id
            and slices.prompt_key = judgments.prompt_key
    group by
        slices.job_id, slices.slice_key, slices.slice_value, judgments.cluster_id,
        slices.is_capped_key

),

sums as (

    select
        job_id,
        slice_key,
        slice_value,
        is_capped_key,
        cast(sum(judgments) as bigint) as judgments,
        count(*) as prompts,
        cast(sum(two_pass_judgments) as bigint) as two_pass_judgments,
        coalesce(sum(wins), 0e0) as wins,
        coalesce(sum(losses), 0e0) as losses,
        coalesce(sum(ties), 0e0) as ties,
        sum(inference_errors) as inference_errors,
        cast(sum(unbalanced_rubrics) as bigint) as unbalanced_rubrics,
        cast(sum(forward_a) as bigint) as forward_a,
        cast(sum(forward_b) as bigint) as forward_b,
        cast(sum(forward_tie) as bigint) as forward_tie,
        cast(sum(backward_a) as bigint) as backward_a,
        cast(sum(backward_b) as bigint) as backward_b,
        cast(sum(backward_tie) as bigint) as backward_tie,
        cast(sum(inconsistent_first) as bigint) as inconsistent_first,
        cast(sum(inconsistent_second) as bigint) as inconsistent_second,
        {{- clustered_sums(rates + means) }}
    from clusters
    group by job_id, slice_key, slice_value, is_capped_key

),

averaged as (

    select
        *,
        {{- clustered_means(rates + means) }},
        {{- clustered_quantiles(['halved'] + means) }},
        {{ bradley_terry_pair('wins', 'losses', 'ties') }} as bradley_terry_probability
    from sums

),

estimated as (

    select
        *,
        {{- clustered_worths(rates) }}
    from averaged

),

-- what the container says itself, a column each
reported as (

    select
        job_id,
        sum(case when metric_name = 'a_scores' then value end) as reported_a_scores,
        sum(case when metric_name = 'b_scores' then value end) as reported_b_scores,
        sum(case when metric_name = 'ties' then value end) as reported_ties,
        sum(case when metric_name = 'inference_error' then value end) as reported_inference_errors,
        avg(case when metric_name = 'winrate' then value end) as reported_win_rate,
        avg(case when metric_name = 'lower_rate' then value end) as reported_win_rate_lower,
        avg(case when metric_name = 'upper_rate' then value end) as reported_win_rate_upper,
        avg(case when metric_name = 'score_margin' then value end) as reported_margin_a_minus_b
    from reported_metrics
    group by job_id
    having
        sum(case when metric_name in ('a_scores', 'b_scores', 'winrate') then 1 else 0 end) > 0
        or sum(case when task_name = 'bedrock_llm_judge' then 1 else 0 end) > 0

),

keyed as (

    select
        job_id,
        slice_key,
        slice_value
    from sums

    union all

    select
        reported.job_id,
        'all' as slice_key,
        'all' as slice_value
    from reported
    left join (select distinct job_id from judgments) as judged on reported.job_id = judged.job_id
    where judged.job_id is null

),

final as (

    select
        -- ids
        keyed.job_id,
        keyed.slice_key,
        keyed.slice_value,

        -- attributes
        case when estimated.job_id is null then 'not available' else 'available' end as status,
        coalesce(estimated.is_capped_key, false) as is_capped_key,

        -- counts
        coalesce(estimated.judgments, 0) as judgments,
        coalesce(estimated.prompts, 0) as prompts,
        cast(floor(estimated.wins + 0.5e0) as bigint) as wins,
        cast(floor(estimated.losses + 0.5e0) as bigint) as losses,
        cast(floor(estimated.ties + 0.5e0) as bigint) as ties,
        cast(floor(estimated.inference_errors + 0.5e0) as bigint) as inference_errors,

        -- who is better
        cast(floor(estimated.decided_n + 0.5e0) as bigint) as decided_votes,
        estimated.decided_mean as win_rate_excl_ties,
        estimated.decided_stderr as win_rate_excl_ties_stderr,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.decided_mean', 'estimated.decided_worth', side) }} as win_rate_excl_ties_{{ side }},
        {%- endfor %}
        cast(floor(estimated.halved_n + 0.5e0) as bigint) as votes,
        estimated.halved_mean as win_rate_half_ties,
        estimated.halved_stderr as win_rate_half_ties_stderr,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.halved_mean', 'estimated.halved_worth', side) }} as win_rate_half_ties_{{ side }},
        {%- endfor %}
        estimated.bradley_terry_probability,
        {%- for side in ['lower', 'upper'] %}
        {{ bradley_terry_bound(
            'estimated.bradley_terry_probability', 'estimated.halved_stderr',
            'estimated.halved_quantile', side
        ) }} as bradley_terry_probability_{{ side }},
        {%- endfor %}

        -- inference errors
        cast(floor(estimated.failed_n + 0.5e0) as bigint) as passes,
        estimated.failed_mean as inference_error_rate,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.failed_mean', 'estimated.failed_worth', side) }} as inference_error_rate_{{ side }},
        {%- endfor %}

        -- position
        cast(floor(estimated.placed_n + 0.5e0) as bigint) as placed_passes,
        estimated.placed_mean - 0.5e0 as first_place_preference,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.placed_mean', 'estimated.placed_worth', side) }} - 0.5e0
            as first_place_preference_{{ side }},
        {%- endfor %}
        coalesce(estimated.two_pass_judgments, 0) as two_pass_judgments,
        estimated.swapped_mean as swap_consistency,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.swapped_mean', 'estimated.swapped_worth', side) }} as swap_consistency_{{ side }},
        {%- endfor %}
        {{ cohen_kappa(
            'estimated.swapped_n', 'estimated.swapped_total',
            '(estimated.forward_a * estimated.backward_a + estimated.forward_b'
            ~ ' * estimated.backward_b + estimated.forward_tie * estimated.backward_tie)'
        ) }} as passes_kappa,
        estimated.inconsistent_first,
        estimated.inconsistent_second,
        case
            -- several judgments of one prompt are not independent, as the test would have it
            when estimated.two_pass_judgments > 0 and estimated.judgments = estimated.prompts
                then {{ sign_test_p_value(
                    'estimated.inconsistent_first', 'estimated.inconsistent_second'
                ) }}
        end as position_sign_test_p_value,

        -- length
        cast(floor(estimated.longer_n + 0.5e0) as bigint) as length_votes,
        estimated.longer_mean as longer_response_preference,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound('estimated.longer_mean', 'estimated.longer_worth', side) }} as longer_response_preference_{{ side }},
        {%- endfor %}

        -- rubric
        cast(floor(estimated.margin_n + 0.5e0) as bigint) as scored_judgments,
        estimated.scored_a_mean as mean_score_a,
        estimated.scored_a_mean - estimated.scored_a_quantile * estimated.scored_a_stderr
            as mean_score_a_lower,
        estimated.scored_a_mean + estimated.scored_a_quantile * estimated.scored_a_stderr
            as mean_score_a_upper,
        estimated.scored_b_mean as mean_score_b,
        estimated.scored_b_mean - estimated.scored_b_quantile * estimated.scored_b_stderr
            as mean_score_b_lower,
        estimated.scored_b_mean + estimated.scored_b_quantile * estimated.scored_b_stderr
            as mean_score_b_upper,
        estimated.margin_mean as mean_margin_a_minus_b,
        estimated.margin_mean - estimated.margin_quantile * estimated.margin_stderr
            as mean_margin_a_minus_b_lower,
        estimated.margin_mean + estimated.margin_quantile * estimated.margin_stderr
            as mean_margin_a_minus_b_upper,
        estimated.unbalanced_rubrics,

        -- the container's own
        case when keyed.slice_key = 'all' then reported.reported_a_scores end as reported_a_scores,
        case when keyed.slice_key = 'all' then reported.reported_b_scores end as reported_b_scores,
        case when keyed.slice_key = 'all' then reported.reported_ties end as reported_ties,
        case when keyed.slice_key = 'all' then reported.reported_inference_errors end
            as reported_inference_errors,
        case when keyed.slice_key = 'all' then reported.reported_win_rate end as reported_win_rate,
        case when keyed.slice_key = 'all' then reported.reported_win_rate_lower end
            as reported_win_rate_lower,
        case when keyed.slice_key = 'all' then reported.reported_win_rate_upper end
            as reported_win_rate_upper,
        case when keyed.slice_key = 'all' then reported.reported_margin_a_minus_b end
            as reported_margin_a_minus_b
    from keyed
    left join estimated
        on
            keyed.job_id = estimated.job_id
            and keyed.slice_key = estimated.slice_key
            and keyed.slice_value = estimated.slice_value
    left join reported on keyed.job_id = reported.job_id

)

select * from final
