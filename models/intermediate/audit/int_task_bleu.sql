-- Grain: one row per (job_id, task_key).
-- Corpus BLEU of every task that reports it, from the counts of its examples.

with counts as (

    select * from {{ ref('stg_lake__example_bleu') }} {{ of_changed_loads() }}

),

examples as (

    select
        job_id,
        load_id,
        example_id,
        task_key
    from {{ ref('stg_lake__examples') }} {{ of_changed_loads() }}

),

-- examples of tasks without BLEU have no counts
per_example as (

    select
        examples.job_id,
        examples.task_key,
        {%- for n in range(1, 5) %}
        cast(counts.correct_{{ n }} as double) as correct_{{ n }},
        cast(counts.total_{{ n }} as double) as total_{{ n }},
        {%- endfor %}
        cast(counts.prediction_words as double) as prediction_words,
        cast(counts.reference_words as double) as reference_words,
        {{ bleu_score('counts.') }} as own_bleu
    from counts
    inner join examples
        on
            counts.load_id = examples.load_id
            and counts.example_id = examples.example_id

),

sums as (

    select
        job_id,
        task_key,
        count(*) as examples,
        {%- for n in range(1, 5) %}
        sum(correct_{{ n }}) as correct_{{ n }},
        sum(total_{{ n }}) as total_{{ n }},
        {%- endfor %}
        sum(prediction_words) as prediction_words,
        sum(reference_words) as reference_words,
        stddev_samp(own_bleu) as own_bleu_stddev
    from per_example
    group by job_id, task_key

),

scored as (

    select
        *,
        {{ bleu_score() }} as bleu
    from sums

),

-- how far one example moves the score, to first order: the infinitesimal jackknife
influences as (

    select
        scored.job_id,
        scored.task_key,
        scored.examples,
        scored.bleu * (
            (
                {%- for n in range(1, 5) %}
                {{ '+ ' if n > 1 }}1e0 * per_example.correct_{{ n }}
                / nullif(scored.correct_{{ n }}, 0e0)
                - 1e0 * per_example.total_{{ n }} / nullif(scored.total_{{ n }}, 0e0)
                {%- endfor %}
            ) / 4e0
            - case
                when scored.prediction_words < scored.reference_words
                    then
                        1e0 * per_example.reference_words / scored.prediction_words
                        - 1e0 * scored.reference_words * per_example.prediction_words
                        / (scored.prediction_words * scored.prediction_words)
                else 0e0
            end
        ) as influence
    from per_example
    inner join scored
        on
            per_example.job_id = scored.job_id
            and per_example.task_key = scored.task_key

),

errors as (

    select
        job_id,
        task_key,
        case
            when max(examples) >= 2
                then
                    sqrt(
                        sum(influence * influence) * cast(max(examples) as double)
                        / cast(max(examples) - 1 as double)
                    )
        end as bleu_stderr
    from influences
    group by job_id, task_key

),

final as (

    select
        scored.job_id,
        scored.task_key,
        scored.examples,
        scored.bleu,
        errors.bleu_stderr,
        scored.own_bleu_stddev
    from scored
    inner join errors
        on
            scored.job_id = errors.job_id
            and scored.task_key = errors.task_key

)

select * from final
