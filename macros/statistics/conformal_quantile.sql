{#-
    conformal_quantile(rows, by, score, alpha): the score up to which a new one falls with
    probability 1 - alpha at least.

    The ceil((n + 1)(1 - alpha))-th smallest of n calibration scores (split conformal prediction;
    Angelopoulos and Bates 2021): it holds for any distribution, if the new score is drawn like the
    others. Null where n is too small for that alpha.

    rows:  a relation or CTE, one row per calibration score.
    by:    columns that identify a group.
    score: double column; nulls are left out.
    alpha: a literal in (0, 1).
    Result: the group's columns, `scores` (count) and conformal_quantile (double).
    Reference: numpy's order statistics; coverage by simulation in the tests.
-#}
{% macro conformal_quantile(rows, by, score, alpha) -%}
    {%- set group = by | join(', ') -%}
    select
        {{ group }},
        count(*) as scores,
        min(
            -- a hair below, so that a product that is whole stays whole
            case
                when cast(place as double)
                    >= cast(total_scores + 1 as double) * {{ (1 - alpha) | round(12) }}e0 - 1e-9
                    then {{ score }}
            end
        ) as conformal_quantile
    from (
        select
            *,
            row_number() over (partition by {{ group }} order by {{ score }} asc nulls last)
                as place,
            count(*) over (partition by {{ group }}) as total_scores
        from {{ rows }}
        where {{ score }} is not null
    ) as ranked
    group by {{ group }}
{%- endmacro %}
