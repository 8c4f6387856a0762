{#-
    adjusted_p_values(tests, family): p values adjusted for how many were looked at.

    With p_(1) <= ... <= p_(m) the p values of a family:
    q_value           min over j >= i of m p_(j) / j, at most 1: rejecting q <= 5 % keeps the share
                      of false findings among the findings at 5 % (Benjamini and Hochberg 1995)
    holm_p_value      max over j <= i of (m - j + 1) p_(j), at most 1: rejecting at 5 % makes any
                      false finding at all less likely than 5 % (Holm 1979)
    family_tests      m

    Rows without a p value are no tests: they count in no m, and have null beside it.

    tests:  a relation or CTE with the column `p_value` and those of `family`.
    family: columns that identify a family.
    Result: all columns of `tests` and the three above.
    Reference: statsmodels.stats.multitest.multipletests (fdr_bh, holm).
-#}
{% macro adjusted_p_values(tests, family) -%}
    {%- set tested = (['p_value is null'] + family) | join(', ') -%}
    select
        *,
        case
            when p_value is not null
                then
                    least(
                        1e0,
                        min(p_value * cast(family_tests as double) / cast(tests_up_to as double))
                            over (partition by {{ tested }} order by p_value desc nulls last)
                    )
        end as q_value,
        case
            when p_value is not null
                then
                    least(
                        1e0,
                        max(p_value * cast(family_tests - tests_below as double))
                            over (partition by {{ tested }} order by p_value asc nulls last)
                    )
        end as holm_p_value
    from (
        select
            *,
            count(p_value) over (partition by {{ family | join(', ') }}) as family_tests,
            -- equal p values share the last of their ranks in the one, the first in the other
            count(p_value) over (partition by {{ tested }} order by p_value asc nulls last) as tests_up_to,
            rank() over (partition by {{ tested }} order by p_value asc nulls last) - 1 as tests_below
        from {{ tests }}
    ) as ranked
{%- endmacro %}
