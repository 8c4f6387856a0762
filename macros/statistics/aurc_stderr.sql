{#-
    aurc_stderr(blocks, by): standard errors of the area under the risk-coverage curve.

    The root of the mean square of each answer's influence on the area, over root n. The influence
    of the answer ranked i with error l_i is the sum over k >= i of (l_i - l_k)/k, plus the error
    rate, minus the area (the derivative of E[l * -ln coverage(confidence)], as for any
    L-statistic); answers of one tie share the mean over its places. e_aurc subtracts what the
    error rate r alone explains, whose derivative is -ln(1 - r).

    blocks: a relation or CTE of `tie_blocks`.
    by:     columns that identify a group.
    Result: aurc_stderr and e_aurc_stderr, doubles; the second is null where every answer is wrong.
    Reference: jackknife and simulation in the tests.
-#}
{% macro aurc_stderr(blocks, by) -%}
    {%- set group = by | join(', ') -%}
    select
        {{ group }},
        sqrt(
            sum(
                cast(examples - correct as double) * power(influence + own_weight, 2)
                + cast(correct as double) * power(influence, 2)
            )
        ) / cast(max(total_examples) as double) as aurc_stderr,
        sqrt(
            sum(
                cast(examples - correct as double)
                * power(influence + own_weight + slope * (1e0 - error_rate), 2)
                + cast(correct as double) * power(influence - slope * error_rate, 2)
            )
        ) / cast(max(total_examples) as double) as e_aurc_stderr
    from (
        select
            *,
            error_rate - area - errors_below - error * shared_weight as influence,
            through_all - through_block + shared_weight as own_weight,
            case when error_rate < 1e0 then ln(1e0 - error_rate) end as slope
        from (
            select
                *,
                1e0 - cast(examples_above as double) / cast(examples as double) * steps
                    as shared_weight,
                sum(error * steps) over (
                    partition by {{ group }}
                    order by confidence asc nulls last
                    rows between unbounded preceding and current row
                ) - error * steps as errors_below,
                sum(
                    error * examples + (errors_above - examples_above * error) * steps
                ) over (partition by {{ group }}) / cast(total_examples as double) as area
            from (
                select
                    *,
                    cast(total_examples - total_correct as double)
                    / cast(total_examples as double) as error_rate,
                    cast(examples - correct as double) / cast(examples as double) as error,
                    cast(examples_above - correct_above as double) as errors_above,
                    through_block - above_block as steps
                from (
                    select
                        *,
                        {{ harmonic_number('(examples_above + examples)') }} as through_block,
                        {{ harmonic_number('examples_above') }} as above_block,
                        {{ harmonic_number('total_examples') }} as through_all
                    from {{ blocks }}
                ) as placed
            ) as stepped
        ) as cumulated
    ) as influences
    group by {{ group }}
{%- endmacro %}
