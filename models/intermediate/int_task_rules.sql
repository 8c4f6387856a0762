-- Grain: one row per (load_id, task_name).
-- By which rule the answers of a task are judged. It is chosen here, once per job and task, so
-- that no row can choose for itself: gold labels where the task has any, else the first of the
-- configured metrics that the task reports.

with examples as (

    select * from {{ ref('stg_lake__examples') }} {{ of_changed_loads() }}

),

fields as (

    select * from {{ ref('stg_lake__example_fields') }} {{ of_changed_loads() }}

),

metrics as (

    select * from {{ ref('stg_lake__example_metrics') }} {{ of_changed_loads() }}

),

gold_labels as (

    select
        load_id,
        example_id
    from fields
    where
        side = 'gold'
        and field_path = '{{ var('label_field') | replace("'", "''") }}'
        and normalized_value <> ''

),

tasks as (

    select
        examples.job_id,
        examples.load_id,
        coalesce(examples.task_name, examples.task_key) as task_name,
        count(*) as examples,
        count(gold_labels.example_id) as labelled_examples
    from examples
    left join gold_labels
        on
            examples.load_id = gold_labels.load_id
            and examples.example_id = gold_labels.example_id
    group by
        examples.job_id,
        examples.load_id,
        coalesce(examples.task_name, examples.task_key)

),

-- a nested metric goes by its last name: rft_eval_lambda_metric.lambda_reward_score
metric_names as (

    select
        load_id,
        metric_name,
        regexp_extract(metric_name, '[^.]+$') as short_name
    from metrics
    group by load_id, metric_name

),

wanted_metrics as (

    select
        short_name,
        preference,
        threshold
    from (
        values
        {%- for wanted in var('correctness_metrics') %}
        ('{{ wanted.metric | replace("'", "''") }}', {{ loop.index }}, cast({{ wanted.threshold }} as double)){{ ',' if not loop.last }}
        {%- endfor %}
    ) as listed (short_name, preference, threshold)

),

-- a benchmark may put its own name before it: math_exact_match is the exact_match of math
usable_names as (

    select
        tasks.load_id,
        tasks.task_name,
        metric_names.metric_name,
        wanted_metrics.preference,
        wanted_metrics.threshold
    from tasks
    inner join metric_names on tasks.load_id = metric_names.load_id
    inner join wanted_metrics
        on
            metric_names.short_name = wanted_metrics.short_name
            or metric_names.short_name = tasks.task_name || '_' || wanted_metrics.short_name
    where tasks.labelled_examples = 0

),

unlabelled_examples as (

    select
        examples.load_id,
        examples.example_id,
        tasks.task_name
    from examples
    inner join tasks
        on
            examples.load_id = tasks.load_id
            and coalesce(examples.task_name, examples.task_key) = tasks.task_name
    where tasks.labelled_examples = 0

),

task_metrics as (

    select
        unlabelled_examples.load_id,
        unlabelled_examples.task_name,
        usable_names.metric_name,
        usable_names.threshold,
        row_number() over (
            partition by unlabelled_examples.load_id, unlabelled_examples.task_name
            order by usable_names.preference asc nulls last, usable_names.metric_name asc
        ) as choice
    from metrics
    inner join usable_names
        on
            metrics.load_id = usable_names.load_id
            and metrics.metric_name = usable_names.metric_name
    inner join unlabelled_examples
        on
            metrics.load_id = unlabelled_examples.load_id
            and metrics.example_id = unlabelled_examples.example_id
            and usable_names.task_name = unlabelled_examples.task_name
    where metrics.metric_value is not null
    group by
        unlabelled_examples.load_id,
        unlabelled_examples.task_name,
        usable_names.metric_name,
        usable_names.preference,
        usable_names.threshold

),

quality_names as (

    select
        load_id,
        min(metric_name) as metric_name
    from metric_names
    where short_name = '{{ var('quality_metric') | replace("'", "''") }}'
    group by load_id

),

final as (

    select
        -- ids
        tasks.task_name,

        -- attributes
        tasks.labelled_examples > 0 as is_label_rule,
        task_metrics.metric_name as correctness_metric,
        task_metrics.threshold as correctness_threshold,
        case
            when tasks.labelled_examples > 0 then 'label:{{ var('label_field') | replace("'", "''") }}'
            else
                'metric:' || task_metrics.metric_name || ' >= '
                || cast(cast(task_metrics.threshold as decimal(18, 3)) as varchar)
        end as correctness_rule,
        quality_names.metric_name as quality_metric,
        case
            when tasks.labelled_examples > 0 then '{{ var('confidence_name') | replace("'", "''") }}'
            else 'answer_confidence'
        end as confidence_name,

        -- measures
        tasks.examples,
        tasks.labelled_examples,

        -- partition keys
        tasks.job_id,
        tasks.load_id
    from tasks
    left join task_metrics
        on
            tasks.load_id = task_metrics.load_id
            and tasks.task_name = task_metrics.task_name
            and task_metrics.choice = 1
    left join quality_names on tasks.load_id = quality_names.load_id

)

select * from final
