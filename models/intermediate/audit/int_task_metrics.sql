-- Grain: one row per (job_id, task_key, metric_name).
-- Sums of what rows say of each metric, whatever they are rows of: examples, or judged prompts.

with metrics as (

    select * from {{ ref('stg_lake__example_metrics') }} {{ of_changed_loads() }}

),

examples as (

    select
        job_id,
        load_id,
        example_id,
        task_key
    from {{ ref('stg_lake__examples') }} {{ of_changed_loads() }}

),

judgments as (

    select * from {{ ref('int_judgments') }}

),

criteria as (

    select * from {{ ref('stg_lake__judgment_criteria') }} {{ of_changed_loads() }}

),

-- most jobs have one task, whose metrics need not be looked up example by example
job_tasks as (

    select
        job_id,
        min(task_key) as task_key,
        min(task_key) = max(task_key) as has_one_task
    from examples
    group by job_id

),

of_single_tasks as (

    select
        metrics.job_id,
        job_tasks.task_key,
        metrics.metric_name,
        metrics.metric_value
    from metrics
    inner join job_tasks on metrics.job_id = job_tasks.job_id
    where job_tasks.has_one_task

),

of_several_tasks as (

    select
        metrics.job_id,
        examples.task_key,
        metrics.metric_name,
        metrics.metric_value
    from metrics
    inner join job_tasks on metrics.job_id = job_tasks.job_id
    inner join examples
        on
            metrics.load_id = examples.load_id
            and metrics.example_id = examples.example_id
    where not job_tasks.has_one_task

),

-- under the names of the container's aggregates
of_judgments as (

    {%- for metric, column in [
        ('a_scores', 'loss_votes'), ('b_scores', 'win_votes'), ('score', 'win_votes'),
        ('ties', 'tie_votes'), ('inference_error', 'error_votes'),
        ('weighted_score_A', 'score_a'), ('weighted_score_B', 'score_b'),
        ('score_margin', 'margin_a_minus_b')
    ] %}
    {{ 'union all' if not loop.first }}

    select
        job_id,
        task_key,
        '{{ metric }}' as metric_name,
        {{ column }} as metric_value
    from judgments
    {%- endfor %}

    union all

    select
        criteria.job_id,
        judgments.task_key,
        criteria.criterion as metric_name,
        criteria.score_a as metric_value
    from criteria
    inner join judgments
        on
            criteria.job_id = judgments.job_id
            and criteria.prompt_key = judgments.prompt_key
    where criteria.criterion_type = 'rating'

),

measured as (

    select * from of_single_tasks

    union all

    select * from of_several_tasks

    union all

    select * from of_judgments

),

final as (

    select
        job_id,
        task_key,
        metric_name,
        count(*) as metric_rows,
        count(metric_value) as measured,
        sum(metric_value) as metric_sum,
        stddev_samp(metric_value) as metric_stddev,
        min(metric_value) as metric_min,
        max(metric_value) as metric_max
    from measured
    group by job_id, task_key, metric_name

)

select * from final
