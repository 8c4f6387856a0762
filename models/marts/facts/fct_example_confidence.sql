-- Grain: one row per (job_id, example_id).
-- How sure the model was, as it said itself and as mended by the rest of its job.
{%- set method = var('recalibration_method') %}
{%- if method not in ['temperature', 'platt', 'isotonic'] %}
{{ exceptions.raise_compiler_error(
    "recalibration_method is temperature, platt or isotonic, not '" ~ method ~ "'"
) }}
{%- endif %}

{{ config(partitioned_by=fact_partitions()) }}

with confidences as (

    select * from {{ ref('int_example_confidence') }} {{ of_new_loads() }}

),

calibrated as (

    select * from {{ ref('int_calibrated_confidence') }} {{ of_new_loads() }}

),

final as (

    select
        -- ids
        confidences.example_id,

        -- the label
        confidences.label_confidence,
        confidences.label_confidence_joint,
        confidences.label_confidence_geomean,
        confidences.label_tokens,
        confidences.label_margin_nats,
        confidences.label_entropy_nats,
        confidences.label_token_straddles,
        confidences.is_label_ambiguous,

        -- the whole answer
        confidences.answer_confidence,
        confidences.mean_token_logprob,
        confidences.min_token_logprob,
        confidences.perplexity,
        confidences.mean_token_margin_nats,
        confidences.mean_token_entropy_nats,
        confidences.scored_tokens,
        confidences.logprobs_status,
        confidences.alignment,
        confidences.alignment_count,

        -- the one that estimates use
        confidences.confidence,
        confidences.confidence_name,
        confidences.notebook_confidence,

        -- the same, mended
        calibrated.{{ method }}_confidence as calibrated_confidence,
        calibrated.temperature_confidence,
        calibrated.platt_confidence,
        calibrated.isotonic_confidence,
        calibrated.fold as calibration_fold,

        -- partition keys
        {{ build_digest() }} as build_digest,
        confidences.job_id,
        confidences.load_id
    from confidences
    left join calibrated
        on
            confidences.load_id = calibrated.load_id
            and confidences.example_id = calibrated.example_id

)

select * from final
