-- Grain: one row per (job_id, task_key, metric_name).
-- Every aggregate that a container reported, beside what its rows give, and the known faults named.

with reported as (

    select * from {{ ref('stg_lake__job_metrics') }}

),

jobs as (

    select * from {{ ref('stg_lake__jobs') }}

),

task_metrics as (

    select * from {{ ref('int_task_metrics') }}

),

task_bleu as (

    select * from {{ ref('int_task_bleu') }}

),

judgments as (

    select * from {{ ref('int_judgments') }}

),

rows_of_tasks as (

    select
        job_id,
        task_key,
        count(*) as row_count
    from {{ ref('stg_lake__examples') }}
    group by job_id, task_key

    union all

    select
        job_id,
        task_key,
        count(*) as row_count
    from judgments
    group by job_id, task_key

),

-- rows that brought metrics, where any did: answers may be there twice, and whole in one file alone
measured_tasks as (

    select
        job_id,
        task_key,
        max(metric_rows) as metric_rows
    from task_metrics
    group by job_id, task_key

),

task_rows as (

    select
        rows_of_tasks.job_id,
        rows_of_tasks.task_key,
        cast(
            coalesce(max(measured_tasks.metric_rows), sum(rows_of_tasks.row_count)) as bigint
        ) as examples
    from rows_of_tasks
    left join measured_tasks
        on
            rows_of_tasks.job_id = measured_tasks.job_id
            and rows_of_tasks.task_key = measured_tasks.task_key
    group by rows_of_tasks.job_id, rows_of_tasks.task_key

),

judged as (

    select
        job_id,
        task_key,
        sum(win_votes) as wins,
        sum(loss_votes) as losses
    from judgments
    group by job_id, task_key

),

-- the mean over subtasks, or over all tasks: from what is reported of those
members as (

    select
        means.job_id,
        means.task_key,
        means.metric_name,
        parts.value,
        parts.stderr,
        coalesce(parts.subtask, '-') = '_average' as is_mean
    from reported as means
    inner join reported as parts
        on
            means.job_id = parts.job_id
            and means.metric_name = parts.metric_name
            and parts.task_key <> 'all'
            and parts.task_key <> means.task_key
            and (
                means.task_key = 'all'
                or (parts.task_name = means.task_name and parts.subtask is not null)
            )
    where means.task_key = 'all' or means.subtask = '_average'

),

means as (

    select
        job_id,
        task_key,
        metric_name,
        cast(sum(case when is_mean then 0 else 1 end) as bigint) as parts,
        avg(case when not is_mean then value end) as mean_value,
        avg(value) as mean_value_with_means,
        avg(case when not is_mean then stderr end) as mean_stderr,
        avg(stderr) as mean_stderr_with_means,
        case
            when sum(case when not is_mean and stderr is null then 1 else 0 end) = 0
                then
                    sqrt(sum(case when not is_mean then stderr * stderr end))
                    / nullif(cast(sum(case when is_mean then 0 else 1 end) as double), 0e0)
        end as pooled_stderr
    from members
    group by job_id, task_key, metric_name

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

compared as (

    select
        *,
        case
            when is_mean_row and parts > 0 then 'recomputed from tasks'
            when recomputed_value is not null then 'recomputed'
            when examples is null and is_mean_row then 'no tasks'
            when examples is null then 'no rows'
            when metric_name in ('lower_rate', 'upper_rate') then 'drawn at random'
            when coalesce(used_aggregation, 'corpus') = 'corpus' then 'corpus metric'
            else 'no row values'
        end as status,
        recomputed_value - reported_value as difference,
        reported_stderr / nullif(recomputed_stderr, 0e0) as stderr_ratio,
        coalesce(examples <> examples_expected, false) as has_other_rows
    from recomputed

),

judged_faults as (

    select
        *,
        coalesce(
            not is_mean_row
            and (has_other_rows or (examples is null and implied_examples <> examples_expected)),
            false
        ) as is_n_different,
        coalesce(
            not is_mean_row
            and replicas > 1
            and examples < examples_expected
            and cast(examples_expected - examples as double)
            >= 0.5e0 * cast(examples_expected as double) / cast(replicas as double),
            false
        ) as is_shard_missing,
        -- with rows missing, a difference must be more than those rows could make
        coalesce(
            is_bleu
            and not is_mean_row
            and may_be_one_row_bleu
            and bleu_examples > 1
            and not {{ near('reported_value', 'recomputed_value') }}
            and (not has_other_rows or abs(difference) > 6e0 * bleu_stderr),
            false
        ) as is_bleu_of_one_row
    from compared

),

-- what the bootstrap should have given: of BLEU of one row, the scatter of single rows
bootstrapped as (

    select
        *,
        case when is_bleu_of_one_row then own_bleu_stddev else recomputed_stderr end
            as sound_stderr
    from judged_faults

),

found as (

    select
        *,
        -- sd / sqrt(1000) in place of sd
        coalesce(
            not is_mean_row
            and (is_bleu or used_aggregation in ('sum', 'corpus'))
            and reported_stderr > 0e0
            and reported_stderr * sqrt(1000e0) >= 0.25e0 * sound_stderr
            and reported_stderr * sqrt(1000e0) <= 4e0 * sound_stderr,
            false
        ) as is_stderr_too_small,
        coalesce(
            is_mean_row
            and parts > 1
            and (
                {{ near('reported_stderr', 'mean_stderr') }}
                or {{ near('reported_stderr', 'mean_stderr_with_means') }}
            )
            and not {{ near('reported_stderr', 'pooled_stderr') }},
            false
        ) as is_stderr_not_pooled,
        coalesce(
            metric_name = 'score_margin'
            and not {{ near('reported_value', 'recomputed_value') }}
            and {{ near('reported_value', '-recomputed_value') }},
            false
        ) as is_margin_reversed
    from bootstrapped

),

remaining as (

    select
        *,
        coalesce(
            not {{ near('reported_value', 'recomputed_value') }}
            and not (is_bleu_of_one_row or is_margin_reversed or has_other_rows),
            false
        ) as is_value_different,
        coalesce(
            case
                when is_mean_row then
                    not (
                        {{ near('reported_stderr', 'pooled_stderr') }}
                        or {{ near('reported_stderr', 'mean_stderr') }}
                        or {{ near('reported_stderr', 'mean_stderr_with_means') }}
                    )
                -- a bootstrap may be off by chance; counts of a corpus are not means
                when is_bleu or used_aggregation = 'sum'
                    then
                        reported_stderr < 0.5e0 * recomputed_stderr
                        or reported_stderr > 2e0 * recomputed_stderr
                else not {{ near('reported_stderr', 'recomputed_stderr') }}
            end
            and not (is_stderr_too_small or is_bleu_of_one_row or has_other_rows),
            false
        ) as is_stderr_different
    from found

),

named as (

    select
        *,
        {%- set findings = [
            ('is_n_different', 'n_differs'),
            ('is_shard_missing', 'shards_missing'),
            ('is_bleu_of_one_row', 'bleu_of_one_row'),
            ('is_stderr_too_small', 'stderr_too_small'),
            ('is_stderr_not_pooled', 'stderr_not_pooled'),
            ('is_margin_reversed', 'margin_reversed'),
            ('is_value_different', 'value_differs'),
            ('is_stderr_different', 'stderr_differs'),
        ] %}
        {%- for flag, name in findings %}
        {{ '|| ' if not loop.first }}case when {{ flag }} then '{{ name }} ' else '' end
        {%- endfor %} as names,
        {%- for flag, name in findings %}
        {{ '+ ' if not loop.first }}(case when {{ flag }} then 1 else 0 end)
        {%- endfor %} as name_count
    from remaining

),

final as (

    select
        -- ids
        job_id,
        task_key,
        metric_name,

        -- attributes
        status,
        used_aggregation as aggregation,
        nullif(regexp_replace(names, ' $', ''), '') as findings,
        cast(name_count as bigint) as finding_count,
        is_n_different,
        is_shard_missing,
        is_bleu_of_one_row,
        is_stderr_too_small,
        is_stderr_not_pooled,
        is_margin_reversed,
        is_value_different,
        is_stderr_different,

        -- counts
        examples,
        examples_expected,
        implied_examples,
        measured,

        -- measures
        reported_value,
        recomputed_value,
        difference,
        reported_stderr,
        recomputed_stderr,
        stderr_ratio
    from named

)

select * from final
