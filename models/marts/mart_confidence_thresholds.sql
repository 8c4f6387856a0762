-- Grain: one row per (job_id, threshold_rule, level).
-- What happens when answers of at least this confidence are accepted and the others routed to a
-- person. One row per cluster, so that the exact bound holds.
-- Rows of rule `routing` keep a promise although the threshold is chosen: thresholds are set on one
-- fold without looking at verdicts, then tested on the others from strict to loose until the first
-- that fails (Learn then Test, Angelopoulos 2021).

{{ config(materialized=kept_table()) }}
{%- set target = var('routing_accuracy') %}
{%- if not 0 < target < 1 %}
{{ exceptions.raise_compiler_error("routing_accuracy lies between 0 and 1, not at " ~ target) }}
{%- endif %}

with outcomes as (

    select * from {{ ref('int_example_outcomes') }} {{ of_changed_loads('job_id') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by job_id, cluster_number
            order by example_id asc
        ) as place_in_cluster
    from outcomes
    where confidence is not null and is_correct is not null

),

one_per_cluster as (

    select
        job_id,
        fold,
        confidence,
        is_correct
    from ranked
    where cluster_number is null or place_in_cluster = 1

),

tie_blocks as (

    {{ tie_blocks('one_per_cluster', ['job_id']) }}

),

steps as (

    select u.step from unnest(sequence(1, 20)) as u (step)

),

-- fixed thresholds 0, 0.05, .. 0.95: everything in or above the bin that the threshold opens
fixed_counts as (

    select
        job_id,
        {{ equal_width_bin('confidence', 20) }} as opened_bin,
        sum(examples) as examples,
        sum(correct) as correct,
        max(total_examples) as total_examples,
        max(total_correct) as total_correct
    from tie_blocks
    group by job_id, {{ equal_width_bin('confidence', 20) }}

),

fixed as (

    select
        fixed_counts.job_id,
        'fixed' as threshold_rule,
        cast(steps.step - 1 as double) / 20e0 as level,
        cast(steps.step - 1 as double) / 20e0 as threshold,
        coalesce(
            sum(fixed_counts.examples) filter (where fixed_counts.opened_bin >= steps.step - 1), 0
        ) as accepted,
        coalesce(
            sum(fixed_counts.correct) filter (where fixed_counts.opened_bin >= steps.step - 1), 0
        ) as accepted_correct,
        max(fixed_counts.total_examples) as total_examples,
        max(fixed_counts.total_correct) as total_correct
    from fixed_counts
    cross join steps
    group by fixed_counts.job_id, steps.step

),

-- coverage 0.05, .. 1: the smallest set of whole tie blocks that covers it
reaching_blocks as (

    select *
    from tie_blocks
    where
        -- some k/20 of all lies within the block
        20 * examples_above - mod(20 * examples_above, total_examples)
        < 20 * (examples_above + examples) - mod(20 * (examples_above + examples), total_examples)

),

coverage as (

    select
        reaching_blocks.job_id,
        'coverage' as threshold_rule,
        cast(steps.step as double) / 20e0 as level,
        reaching_blocks.confidence as threshold,
        reaching_blocks.examples_above + reaching_blocks.examples as accepted,
        reaching_blocks.correct_above + reaching_blocks.correct as accepted_correct,
        reaching_blocks.total_examples,
        reaching_blocks.total_correct
    from reaching_blocks
    cross join steps
    where
        steps.step * reaching_blocks.total_examples > 20 * reaching_blocks.examples_above
        and steps.step * reaching_blocks.total_examples
        <= 20 * (reaching_blocks.examples_above + reaching_blocks.examples)

),

-- the first fold sets twenty thresholds: that of k/20 of its answers, the last one accepts all
setting_ranks as (

    select
        job_id,
        confidence,
        row_number() over (partition by job_id order by confidence desc nulls last) as place,
        count(*) over (partition by job_id) as setting_examples
    from one_per_cluster
    where fold = 0

),

set_thresholds as (

    select
        setting_ranks.job_id,
        steps.step,
        case when steps.step = 20 then 0e0 else setting_ranks.confidence end as threshold
    from setting_ranks
    cross join steps
    where
        20 * setting_ranks.place >= steps.step * setting_ranks.setting_examples
        and 20 * (setting_ranks.place - 1) < steps.step * setting_ranks.setting_examples

),

-- the other folds test them
routing as (

    select
        one_per_cluster.job_id,
        'routing' as threshold_rule,
        cast(set_thresholds.step as double) / 20e0 as level,
        set_thresholds.threshold,
        count(*) filter (where one_per_cluster.confidence >= set_thresholds.threshold) as accepted,
        count(*) filter (
            where one_per_cluster.confidence >= set_thresholds.threshold
            and one_per_cluster.is_correct
        ) as accepted_correct,
        count(*) as total_examples,
        count(*) filter (where one_per_cluster.is_correct) as total_correct
    from one_per_cluster
    inner join set_thresholds
        on one_per_cluster.job_id = set_thresholds.job_id
    where one_per_cluster.fold > 0
    group by one_per_cluster.job_id, set_thresholds.step, set_thresholds.threshold

),

thresholds as (

    select * from fixed
    union all
    select * from coverage
    union all
    select * from routing

),

bounded as (

    select
        *,
        {{ clopper_pearson_bound('accepted_correct', 'accepted', 'lower', 0.05) }}
            as accuracy_exact_lower,
        -- a step is tested if it could hold the promise with a few errors: by its size alone
        threshold_rule = 'routing'
        and accepted > 0
        and {{ target }}e0 <= power(0.05e0, 1e0 / cast(nullif(accepted, 0) as double))
        and (
            cast(accepted as double) * (1e0 - {{ target }}e0) >= 20e0
            or 2 * accepted >= total_examples
        ) as is_tested
    from thresholds

),

promised as (

    select
        *,
        is_tested
        and bool_and(not is_tested or accuracy_exact_lower >= {{ target }}e0) over (
            partition by job_id, threshold_rule
            order by level asc nulls last
            rows between unbounded preceding and current row
        ) as is_promised
    from bounded

),

judged as (

    select
        *,
        is_promised and level = max(case when is_promised then level end) over (
            partition by job_id, threshold_rule
        ) as is_chosen
    from promised

),

final as (

    select
        -- ids
        job_id,
        threshold_rule,
        level,

        -- measures
        threshold,
        cast(total_examples as bigint) as eligible_examples,
        cast(accepted as bigint) as accepted_examples,
        cast(accepted_correct as bigint) as accepted_correct,
        cast(total_examples - accepted as bigint) as routed_examples,
        cast(total_examples - accepted - (total_correct - accepted_correct) as bigint)
            as routed_errors,
        {{ rate_columns('coverage', 'accepted', 'total_examples', '1e0') }},
        {{ rate_columns('accuracy', 'accepted_correct', 'accepted', '1e0') }},
        accuracy_exact_lower,

        -- the promise of rule `routing`
        case when threshold_rule = 'routing' then {{ target }}e0 end as promised_accuracy,
        case when threshold_rule = 'routing' then is_tested end as is_tested,
        case when threshold_rule = 'routing' then is_promised end as is_promised,
        case when threshold_rule = 'routing' then is_chosen end as is_chosen
    from judged

)

select * from final
