-- Grain: one row per (pair_id).
-- AUROC of both jobs over the answers that both gave with a confidence, and the standard error of
-- their difference: DeLong's structural components, summed by cluster (Obuchowski 1997). Each job
-- ranks its own right answers above its own wrong ones: an example may be on either side in each.
-- Places are whole numbers: twice the answers passed, once those tied with.

with answers as (

    select
        pair_id,
        is_candidate,
        cluster_number,
        confidence,
        is_correct
    from {{ ref('int_pair_confidences') }}

),

blocks as (

    {{ tie_blocks('answers', ['pair_id', 'is_candidate']) }}

),

placed as (

    select
        pair_id,
        is_candidate,
        confidence,
        -- wrong answers below a right one, and right answers above a wrong one
        2 * (
            total_examples - total_correct - (examples_above - correct_above)
        ) - (examples - correct) as correct_place,
        2 * correct_above + correct as wrong_place
    from blocks

),

{%- set kinds = [
    ('baseline_correct', 0, 'is_correct', 'correct_place'),
    ('baseline_wrong', 0, 'not is_correct', 'wrong_place'),
    ('candidate_correct', 1, 'is_correct', 'correct_place'),
    ('candidate_wrong', 1, 'not is_correct', 'wrong_place'),
] %}

clusters as (

    select
        answers.pair_id,
        answers.cluster_number
        {%- for kind, side, condition, place in kinds %},
        count(*) filter (where answers.is_candidate = {{ side }} and {{ condition }}) as {{ kind }},
        coalesce(
            sum(placed.{{ place }}) filter (
                where answers.is_candidate = {{ side }} and {{ condition }}
            ),
            0
        ) as {{ kind }}_place
        {%- endfor %}
    from answers
    inner join placed
        on
            answers.pair_id = placed.pair_id
            and answers.is_candidate = placed.is_candidate
            and answers.confidence = placed.confidence
    group by answers.pair_id, answers.cluster_number

),

totals as (

    select
        pair_id,
        count(*) as clusters
        {%- for kind, _, _, _ in kinds %},
        cast(sum({{ kind }}) as double) as {{ kind }},
        cast(sum({{ kind }}_place) as double) as {{ kind }}_place,
        count(*) filter (where {{ kind }} > 0) as {{ kind }}_clusters
        {%- endfor %}
    from clusters
    group by pair_id

),

areas as (

    select
        *,
        {%- for side in ['baseline', 'candidate'] %}
        {{ side }}_correct_place
        / nullif(2e0 * {{ side }}_correct * {{ side }}_wrong, 0e0) as {{ side }}_auroc,
        {%- endfor %}
        least(
            least(baseline_correct_clusters, baseline_wrong_clusters),
            least(candidate_correct_clusters, candidate_wrong_clusters)
        ) as rarest_clusters
    from totals

),

-- how far each cluster moves the difference, to first order
influences as (

    select
        clusters.pair_id,
        {%- for side, sign in [('candidate', ''), ('baseline', '-')] %}
        {%- for kind, other in [('correct', 'wrong'), ('wrong', 'correct')] %}
        {{ sign or ('+' if not loop.first) }} (
            1e0 * clusters.{{ side }}_{{ kind }}_place
            / nullif(2e0 * areas.{{ side }}_{{ other }}, 0e0)
            - areas.{{ side }}_auroc * clusters.{{ side }}_{{ kind }}
        ) / nullif(areas.{{ side }}_{{ kind }}, 0e0)
        * sqrt(
            cast(areas.{{ side }}_{{ kind }}_clusters as double)
            / nullif(cast(areas.{{ side }}_{{ kind }}_clusters - 1 as double), 0e0)
        )
        {%- endfor %}
        {%- endfor %} as influence
    from clusters
    inner join areas on clusters.pair_id = areas.pair_id

),

errors as (

    select
        pair_id,
        sqrt(sum(influence * influence)) as delta_stderr
    from influences
    group by pair_id

),

shared_keys as (

    select
        pair_id,
        count(distinct key_number) as pairs
    from {{ ref('int_pair_confidences') }}
    group by pair_id

),

final as (

    select
        -- ids
        areas.pair_id,

        -- measures
        shared_keys.pairs,
        areas.clusters,
        areas.rarest_clusters,
        areas.baseline_auroc,
        areas.candidate_auroc,
        errors.delta_stderr
    from areas
    inner join errors on areas.pair_id = errors.pair_id
    inner join shared_keys on areas.pair_id = shared_keys.pair_id

)

select * from final
