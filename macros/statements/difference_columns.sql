{#-
    difference_columns(more_tests): the columns that every table of differences has: the difference,
    whether it is real, and who was ahead how often.

    Expects a row of estimates with q_value, holm_p_value and family_tests (adjusted_p_values) and
    is_told_differently. wins and losses are by the metric's direction, null where it has none.

    more_tests: columns put in before McNemar's exact p, for tables that have them.
-#}
{% macro difference_columns(more_tests=[]) -%}
    -- the difference
        pairs,
        clusters,
        baseline_value,
        candidate_value,
        delta,
        delta_stderr,
        delta_lower,
        delta_upper,

        -- is it real
        p_method,
        p_value,
        q_value,
        holm_p_value,
        family_tests,
        {{ comparison_verdict('is_told_differently') }} as verdict,
        case when is_higher_better then higher when not is_higher_better then lower end as wins,
        ties,
        case when is_higher_better then lower when not is_higher_better then higher end as losses,
        higher as candidate_higher,
        lower as candidate_lower,
        sign_test_p_value,
        only_baseline_correct,
        only_candidate_correct,
        {%- for column in more_tests %}
        {{ column }},
        {%- endfor %}
        mcnemar_exact_p_value,
        mcnemar_mid_p_value
{%- endmacro %}
