-- Grain: one row per (job_id, task_key, metric_name).
-- Every aggregate that a container reported, beside what its rows give, and the known faults named.

{{ config(materialized=kept_table()) }}

with compared as (

    select * from {{ ref('int_recomputed_metrics') }}

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
