-- Grain: one row per (job_id, criterion).
-- What the judge gave both responses on each criterion of its rubric. Margins are A minus B, as the
-- container has them; criteria differ from prompt to prompt, so each has an n of its own.

{{ config(materialized=kept_table()) }}
{%- set means = ['a', 'b', 'margin'] %}

with criteria as (

    select * from {{ ref('stg_lake__judgment_criteria') }} {{ of_changed_loads() }}

),

judgments as (

    select * from {{ ref('int_judgments') }}

),

-- a rating keeps the judge's own scale
scored as (

    select
        criteria.job_id,
        criteria.criterion,
        criteria.criterion_type,
        criteria.weight,
        judgments.cluster_id,
        case
            when criteria.criterion_type = 'rating' then criteria.score_a
            else criteria.normalized_score_a
        end as score_a,
        case
            when criteria.criterion_type = 'rating' then criteria.score_b
            else criteria.normalized_score_b
        end as score_b
    from criteria
    inner join judgments
        on
            criteria.job_id = judgments.job_id
            and criteria.prompt_key = judgments.prompt_key

),

clusters as (

    select
        job_id,
        criterion,
        cluster_id,
        count(*) as judgments,
        min(criterion_type) as criterion_type,
        max(criterion_type) as last_criterion_type,
        sum(weight) as weight_total,
        count(weight) as weighted,
        sum(case when score_a > score_b then 1 else 0 end) as a_higher,
        sum(case when score_b > score_a then 1 else 0 end) as b_higher,
        sum(case when score_a is not null then 1e0 end) as a_n,
        sum(score_a) as a_total,
        sum(case when score_b is not null then 1e0 end) as b_n,
        sum(score_b) as b_total,
        sum(case when score_a is not null and score_b is not null then 1e0 end) as margin_n,
        sum(score_a - score_b) as margin_total
    from scored
    group by job_id, criterion, cluster_id

),

sums as (

    select
        job_id,
        criterion,
        case when min(criterion_type) = max(last_criterion_type) then min(criterion_type) end
            as criterion_type,
        cast(sum(judgments) as bigint) as judgments,
        count(*) as prompts,
        cast(sum(weighted) as bigint) as weighted_judgments,
        sum(weight_total) / nullif(cast(sum(weighted) as double), 0e0) as mean_weight,
        cast(sum(a_higher) as bigint) as a_higher,
        cast(sum(b_higher) as bigint) as b_higher,
        {{- clustered_sums(means) }}
    from clusters
    group by job_id, criterion

),

averaged as (

    select
        *,
        {{- clustered_means(means) }},
        {{- clustered_quantiles(means) }}
    from sums

),

final as (

    select
        -- ids
        job_id,
        criterion,

        -- attributes
        criterion_type,

        -- counts
        judgments,
        prompts,
        weighted_judgments,
        a_higher,
        b_higher,

        -- estimates
        mean_weight,
        cast(floor(a_n + 0.5e0) as bigint) as scored_a,
        a_mean as mean_score_a,
        a_stderr as mean_score_a_stderr,
        a_mean - a_quantile * a_stderr as mean_score_a_lower,
        a_mean + a_quantile * a_stderr as mean_score_a_upper,
        cast(floor(b_n + 0.5e0) as bigint) as scored_b,
        b_mean as mean_score_b,
        b_stderr as mean_score_b_stderr,
        b_mean - b_quantile * b_stderr as mean_score_b_lower,
        b_mean + b_quantile * b_stderr as mean_score_b_upper,
        cast(floor(margin_n + 0.5e0) as bigint) as scored_both,
        margin_mean as mean_margin_a_minus_b,
        margin_stderr as mean_margin_a_minus_b_stderr,
        margin_mean - margin_quantile * margin_stderr as mean_margin_a_minus_b_lower,
        margin_mean + margin_quantile * margin_stderr as mean_margin_a_minus_b_upper
    from averaged

)

select * from final
