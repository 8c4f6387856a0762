-- Grain: one row per (slice_id, fold).
-- Temperature and Platt scaling of each fold, fitted on the others, by sixteen steps that are
-- written out: neither engine has to recurse. The slope of the likelihood over 1/T falls, so eight
-- halvings of the range (by ratio) bracket it to 2 % and Newton's method does the rest. For the two
-- numbers of Platt every step is Newton's; one that would move the log odds by more than 3 (root
-- mean square) is cut to that, which keeps far starts from overshooting.

{%- set halvings = 8 %}
{%- set steps = 16 %}

with training as (

    select * from {{ ref('int_recalibration_training') }}
    where examples > 0

),

-- Platt's targets keep the fit finite where every answer is right: not 1 and 0 but this much less
aimed as (

    select
        slice_id,
        fold,
        mean_logit,
        cast(examples as double) as examples,
        cast(correct as double) as correct,
        (
            cast(correct as double) * cast(total_correct + 1 as double)
            / cast(total_correct + 2 as double)
            + cast(examples - correct as double)
            / cast(total_examples - total_correct + 2 as double)
        ) as aim
    from training

),

start as (

    select
        slice_id,
        fold,
        1e0 as inverse_temperature,
        0.05e0 as lowest_inverse,
        20e0 as highest_inverse,
        1e0 as slope,
        0e0 as intercept,
        cast(null as double) as temperature_change,
        cast(null as double) as platt_change
    from aimed
    group by slice_id, fold

),

{%- for step in range(1, steps + 1) %}
{%- set before = 'start' if loop.first else 'step_' ~ (step - 1) %}

predicted_{{ step }} as (

    select
        aimed.*,
        {{ before }}.inverse_temperature,
        {{ before }}.lowest_inverse,
        {{ before }}.highest_inverse,
        {{ before }}.slope,
        {{ before }}.intercept,
        {{ logistic(before ~ '.inverse_temperature * aimed.mean_logit') }} as cooled,
        {{ logistic(before ~ '.intercept + ' ~ before ~ '.slope * aimed.mean_logit') }} as scaled
    from aimed
    inner join {{ before }}
        on
            aimed.slice_id = {{ before }}.slice_id
            and aimed.fold = {{ before }}.fold

),

sums_{{ step }} as (

    select
        slice_id,
        fold,
        max(inverse_temperature) as inverse_temperature,
        max(lowest_inverse) as lowest_inverse,
        max(highest_inverse) as highest_inverse,
        max(slope) as slope,
        max(intercept) as intercept,
        sum(examples * mean_logit) / sum(examples) as mean_z,
        sum(examples * mean_logit * mean_logit) / sum(examples) as mean_zz,
        -- first and second derivatives of the log likelihood
        sum((correct - examples * cooled) * mean_logit) as cool_1,
        sum(examples * cooled * (1e0 - cooled) * mean_logit * mean_logit) as cool_2,
        sum(aim - examples * scaled) as platt_b,
        sum((aim - examples * scaled) * mean_logit) as platt_a,
        sum(examples * scaled * (1e0 - scaled)) as platt_bb,
        sum(examples * scaled * (1e0 - scaled) * mean_logit) as platt_ab,
        sum(examples * scaled * (1e0 - scaled) * mean_logit * mean_logit) as platt_aa
    from predicted_{{ step }}
    group by slice_id, fold

),

solved_{{ step }} as (

    select
        *,
        case when cool_1 >= 0e0 then inverse_temperature else lowest_inverse end as lower_inverse,
        case when cool_1 >= 0e0 then highest_inverse else inverse_temperature end as upper_inverse,
        inverse_temperature + cool_1 / nullif(cool_2, 0e0) as newton_inverse,
        -- one value of confidence alone tells no slope
        case
            when platt_aa * platt_bb - platt_ab * platt_ab > 1e-10 * platt_aa * platt_bb
                then
                    (platt_bb * platt_a - platt_ab * platt_b)
                    / (platt_aa * platt_bb - platt_ab * platt_ab)
            else 0e0
        end as d_slope,
        case
            when platt_aa * platt_bb - platt_ab * platt_ab > 1e-10 * platt_aa * platt_bb
                then
                    (platt_aa * platt_b - platt_ab * platt_a)
                    / (platt_aa * platt_bb - platt_ab * platt_ab)
            else platt_b / nullif(platt_bb, 0e0)
        end as d_intercept
    from sums_{{ step }}

),

measured_{{ step }} as (

    select
        *,
        coalesce(abs(newton_inverse - inverse_temperature) * sqrt(mean_zz), 0e0)
            as temperature_change,
        coalesce(
            sqrt(
                abs(
                    d_slope * d_slope * mean_zz + 2e0 * d_slope * d_intercept * mean_z
                    + d_intercept * d_intercept
                )
            ),
            0e0
        ) as platt_change
    from solved_{{ step }}

),

step_{{ step }} as (

    select
        slice_id,
        fold,
        {%- if step <= halvings %}
        sqrt(lower_inverse * upper_inverse) as inverse_temperature,
        {%- else %}
        case
            when coalesce(newton_inverse, upper_inverse) >= upper_inverse then upper_inverse
            when newton_inverse <= lower_inverse then lower_inverse
            else newton_inverse
        end as inverse_temperature,
        {%- endif %}
        lower_inverse as lowest_inverse,
        upper_inverse as highest_inverse,
        slope + d_slope
        * (case when platt_change > 3e0 then 3e0 / platt_change else 1e0 end) as slope,
        intercept + coalesce(d_intercept, 0e0)
        * (case when platt_change > 3e0 then 3e0 / platt_change else 1e0 end) as intercept,
        temperature_change,
        platt_change
    from measured_{{ step }}

),
{%- endfor %}

training_totals as (

    select
        slice_id,
        fold,
        max(total_examples) as training_examples,
        max(total_correct) as training_correct
    from training
    group by slice_id, fold

),

final as (

    select
        -- ids
        fitted.slice_id,
        fitted.fold,

        -- measures
        training_totals.training_examples,
        training_totals.training_correct,
        1e0 / fitted.inverse_temperature as temperature,
        fitted.slope as platt_slope,
        fitted.intercept as platt_intercept,
        fitted.temperature_change < 1e-7
        or fitted.inverse_temperature <= 0.05e0
        or fitted.inverse_temperature >= 20e0 as is_temperature_settled,
        fitted.platt_change < 1e-7 as is_platt_settled
    from step_{{ steps }} as fitted
    inner join training_totals
        on
            fitted.slice_id = training_totals.slice_id
            and fitted.fold = training_totals.fold

)

select * from final
