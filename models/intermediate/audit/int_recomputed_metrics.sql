-- Grain: one row per (job_id, task_key, metric_name).
-- Every aggregate that a container reported, recomputed from rows, or from what is reported of
-- tasks where it is a mean of theirs.

with reported as (

    select * from {{ ref('stg_lake__job_metrics') }} {{ of_changed_loads() }}

),

jobs as (

    select * from {{ ref('stg_lake__jobs') }}

),

task_rows as (

    select * from {{ ref('int_task_rows') }}

),

task_metrics as (

    select * from {{ ref('int_task_metrics') }}

),

task_bleu as (

    select * from {{ ref('int_task_bleu') }}

),

means as (

    select * from {{ ref('int_reported_means') }}

),

judged as (

    select
        job_id,
        task_key,
        sum(win_votes) as wins,
        sum(loss_votes) as losses
    from {{ ref('int_judgments') }}
    group by job_id, task_key

),

gathered as (

    select
        reported.job_id,
        reported.task_key,
        reported.metric_name,
        reported.value as reported_value,
        reported.stderr as reported_stderr,
        reported.examples_expected,
        reported.task_key = 'all' or coalesce(reported.subtask, '-') = '_average' as is_mean_row,
        reported.metric_name = 'bleu' as is_bleu,
        -- from lighteval 0.11 on (three columns of structs) BLEU is of the whole corpus
        coalesce(jobs.harness_version, 'details-flat') <> 'details-structs' as may_be_one_row_bleu,
        coalesce(jobs.replicas, 1) as replicas,
        task_rows.examples,
        task_metrics.measured,
        task_metrics.metric_sum,
        task_metrics.metric_stddev,
        task_metrics.metric_min,
        task_metrics.metric_max,
        task_bleu.examples as bleu_examples,
        task_bleu.bleu,
        task_bleu.bleu_stderr,
        task_bleu.own_bleu_stddev,
        judged.wins,
        judged.losses,
        means.parts,
        means.mean_value,
        means.mean_value_with_means,
        means.mean_stderr,
        means.mean_stderr_with_means,
        means.pooled_stderr,
        task_metrics.metric_sum / nullif(cast(task_metrics.measured as double), 0e0) as metric_mean,
        case
            when
                reported.metric_name in ('a_scores', 'b_scores', 'ties', 'inference_error', 'score')
                and judged.job_id is not null then 'sum'
            when reported.aggregation in ('mean', 'average') then 'mean'
            else reported.aggregation
        end as aggregation
    from reported
    inner join jobs on reported.load_id = jobs.load_id
    left join task_rows
        on
            reported.job_id = task_rows.job_id
            and reported.task_key = task_rows.task_key
    left join task_metrics
        on
            reported.job_id = task_metrics.job_id
            and reported.task_key = task_metrics.task_key
            and reported.metric_name = task_metrics.metric_name
    left join task_bleu
        on
            reported.job_id = task_bleu.job_id
            and reported.task_key = task_bleu.task_key
    left join judged
        on
            reported.job_id = judged.job_id
            and reported.task_key = judged.task_key
    left join means
        on
            reported.job_id = means.job_id
            and reported.task_key = means.task_key
            and reported.metric_name = means.metric_name

),

-- an aggregation that is not recorded is the one that gives the reported value, else the mean
aggregated as (

    select
        *,
        case
            when is_mean_row or is_bleu then null
            when aggregation is not null then aggregation
            when measured is null then null
            {%- for name, value in [
                ('mean', 'metric_mean'), ('sum', 'metric_sum'),
                ('min', 'metric_min'), ('max', 'metric_max')
            ] %}
            when {{ near('reported_value', value) }} then '{{ name }}'
            {%- endfor %}
            else 'mean'
        end as used_aggregation
    from gathered

),

recomputed as (

    select
        *,
        case
            when is_mean_row
                then
                    case
                        when {{ near('reported_value', 'mean_value_with_means') }}
                            then mean_value_with_means
                        else mean_value
                    end
            when is_bleu then bleu
            when metric_name = 'winrate' then 1e0 * wins / nullif(wins + losses, 0e0)
            when measured = 0 then null
            when used_aggregation = 'mean' then metric_mean
            when used_aggregation = 'sum' then metric_sum
            when used_aggregation = 'min' then metric_min
            when used_aggregation = 'max' then metric_max
        end as recomputed_value,
        case
            when is_mean_row then pooled_stderr
            when is_bleu then bleu_stderr
            when used_aggregation = 'mean'
                then metric_stddev / sqrt(cast(nullif(measured, 0) as double))
            when used_aggregation = 'sum' then metric_stddev * sqrt(cast(measured as double))
        end as recomputed_stderr,
        -- of a mean of zeros and ones the standard error tells n: p (1 - p) / stderr^2 + 1
        case
            when
                not is_mean_row
                and metric_name in ('em', 'qem')
                and reported_value > 0e0 and reported_value < 1e0 and reported_stderr > 0e0
                then
                    cast(
                        round(
                            reported_value * (1e0 - reported_value)
                            / (reported_stderr * reported_stderr) + 1e0
                        ) as bigint
                    )
        end as implied_examples
    from aggregated

),

final as (

    select
        -- ids
        job_id,
        task_key,
        metric_name,

        -- attributes
        is_mean_row,
        is_bleu,
        may_be_one_row_bleu,
        used_aggregation,
        case
            when is_mean_row and parts > 0 then 'recomputed from tasks'
            when recomputed_value is not null then 'recomputed'
            when examples is null and is_mean_row then 'no tasks'
            when examples is null then 'no rows'
            when metric_name in ('lower_rate', 'upper_rate') then 'drawn at random'
            when coalesce(used_aggregation, 'corpus') = 'corpus' then 'corpus metric'
            else 'no row values'
        end as status,
        coalesce(examples <> examples_expected, false) as has_other_rows,

        -- counts
        replicas,
        examples,
        examples_expected,
        implied_examples,
        measured,
        parts,
        bleu_examples,

        -- measures
        reported_value,
        recomputed_value,
        recomputed_value - reported_value as difference,
        reported_stderr,
        recomputed_stderr,
        reported_stderr / nullif(recomputed_stderr, 0e0) as stderr_ratio,
        bleu_stderr,
        own_bleu_stddev,
        mean_stderr,
        mean_stderr_with_means,
        pooled_stderr
    from recomputed

)

select * from final
