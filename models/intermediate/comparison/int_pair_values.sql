-- Grain: one row per (key_number, metric_number).
-- Both jobs' values of every metric of every paired key, repeats averaged. A side without a value
-- is null there, and so is the difference.

with pair_examples as (

    select * from {{ ref('int_pair_examples') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

key_cells as (

    select * from {{ ref('int_pair_key_cells') }}

),

compared_metrics as (

    select distinct
        metric_number,
        metric_kind,
        source_name
    from {{ ref('int_compared_metrics') }}
    where metric_number in (select metric_number from {{ ref('int_pair_metrics') }})

),

metrics as (

    select
        metrics.load_id,
        metrics.example_id,
        compared_metrics.metric_number,
        metrics.metric_value as example_value
    from {{ ref('stg_lake__example_metrics') }} as metrics
    inner join compared_metrics
        on
            metrics.metric_name = compared_metrics.source_name
            and compared_metrics.metric_kind = 'metric'
    where metrics.metric_value is not null {{ of_compared_loads('load_id', 'and') }}

),

fields as (

    select
        fields.load_id,
        fields.example_id,
        compared_metrics.metric_number,
        case when fields.is_match then 1e0 else 0e0 end as example_value
    from {{ ref('fct_field_confidence') }} as fields
    inner join compared_metrics
        on
            fields.field_path = compared_metrics.source_name
            and compared_metrics.metric_kind = 'field'
    where fields.has_gold {{ of_compared_loads('load_id', 'and') }}

),

recorded as (

    select * from metrics
    union all
    select * from fields

),

-- verdict and confidence, as numbers
answers as (

    select
        pair_examples.key_number,
        pair_examples.is_candidate,
        compared_metrics.metric_number,
        case
            when compared_metrics.metric_kind = 'confidence' then pair_examples.confidence
            when pair_examples.is_correct then 1e0
            when not pair_examples.is_correct then 0e0
        end as example_value
    from pair_examples
    cross join compared_metrics
    where compared_metrics.metric_kind in ('correctness', 'confidence')

),

example_values as (

    select
        key_number,
        is_candidate,
        metric_number,
        example_value
    from answers
    where example_value is not null

    union all

    select
        pair_examples.key_number,
        pair_examples.is_candidate,
        recorded.metric_number,
        recorded.example_value
    from recorded
    inner join pair_examples
        on
            recorded.load_id = pair_examples.load_id
            and recorded.example_id = pair_examples.example_id

),

averaged as (

    select
        key_number,
        metric_number,
        {%- for side, flag in [('baseline', 0), ('candidate', 1)] %}
        sum(case when is_candidate = {{ flag }} then example_value end) as {{ side }}_total,
        count(case when is_candidate = {{ flag }} then 1 end) as {{ side }}_repeats
        {{- ',' if not loop.last }}
        {%- endfor %}
    from example_values
    group by key_number, metric_number

),

valued as (

    select
        *,
        {%- for side in ['baseline', 'candidate'] %}
        {{ side }}_total / nullif(cast({{ side }}_repeats as double), 0e0) as {{ side }}_value
        {{- ',' if not loop.last }}
        {%- endfor %}
    from averaged

),

final as (

    select
        -- ids
        valued.key_number,
        valued.metric_number,
        pair_keys.pair_id,
        pair_keys.cluster_number,
        pair_keys.group_number,
        key_cells.cell_number,

        -- measures
        valued.baseline_value,
        valued.candidate_value,
        -- means of repeats that differ by rounding alone are equal
        case
            when
                abs(valued.candidate_value - valued.baseline_value)
                <= 1e-12 * (abs(valued.candidate_value) + abs(valued.baseline_value))
                then 0e0
            else valued.candidate_value - valued.baseline_value
        end as difference,
        valued.baseline_repeats,
        valued.candidate_repeats
    from valued
    inner join pair_keys on valued.key_number = pair_keys.key_number
    left join key_cells on valued.key_number = key_cells.key_number

)

select * from final
