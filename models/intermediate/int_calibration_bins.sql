-- Grain: one row per (slice_id, binning, bin) that holds an answer.
-- Answers with a confidence and a verdict, by bins of equal width and of equal mass; beside the
-- equal-mass bins stand the sums that ranking statistics are made of.

with slice_outcomes as (

    select *
    from {{ ref('int_slice_outcomes') }}
    where slice_id_2 = 0 and confidence_bin is not null

),

outcomes as (

    select * from {{ ref('int_outcomes') }}

),

calibrated as (

    select
        slice_id,
        confidence,
        is_correct
    from {{ ref('int_example_slices') }}
    where confidence is not null and is_correct is not null {{ of_changed_slices('and') }}

),

tie_blocks as (

    {{ tie_blocks('calibrated', ['slice_id']) }}

),

placed_blocks as (

    select
        *,
        {{ equal_mass_bin() }} as bin
    from tie_blocks

),

mass_bins as (

    {{ ranking_parts('placed_blocks', ['slice_id', 'bin']) }}

),

width_bins as (

    select
        slice_outcomes.slice_id,
        slice_outcomes.confidence_bin as bin,
        cast(sum(slice_outcomes.examples) as bigint) as examples,
        cast(sum(slice_outcomes.examples * outcomes.is_right) as bigint) as correct,
        sum(slice_outcomes.sum_confidence) as sum_confidence,
        sum(slice_outcomes.sum_confidence_square) as sum_confidence_square,
        sum(slice_outcomes.sum_confidence * outcomes.is_right) as sum_confidence_correct
    from slice_outcomes
    inner join outcomes
        on slice_outcomes.outcome_code = outcomes.outcome_code
    group by slice_outcomes.slice_id, slice_outcomes.confidence_bin

),

{%- set ranking_columns = [
    'half_wins', 'correct_place_square', 'wrong_place_square', 'risk_sum',
    'correct_at_50', 'correct_at_80', 'correct_at_90', 'correct_at_95',
] %}

final as (

    select
        -- ids
        slice_id,
        'equal_width' as binning,
        cast(bin as integer) as bin,

        -- measures
        cast(bin as double) / {{ var('calibration_bins') }}e0 as bin_lower,
        cast(bin + 1 as double) / {{ var('calibration_bins') }}e0 as bin_upper,
        examples,
        correct,
        sum_confidence,
        sum_confidence_square,
        sum_confidence_correct,
        {%- for column in ranking_columns %}
        cast(null as double) as {{ column }},
        {%- endfor %}
        cast(null as bigint) as total_examples,
        cast(null as bigint) as total_correct
    from width_bins

    union all

    select
        slice_id,
        'equal_mass' as binning,
        cast(bin as integer) as bin,
        lowest_confidence as bin_lower,
        highest_confidence as bin_upper,
        examples,
        correct,
        sum_confidence,
        sum_confidence_square,
        sum_confidence_correct,
        {%- for column in ranking_columns %}
        {{ column }},
        {%- endfor %}
        total_examples,
        total_correct
    from mass_bins

)

select * from final
