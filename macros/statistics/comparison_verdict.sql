{#-
    comparison_verdict(is_told_differently): what a comparison says, in words.

    not comparable       no example has a value in both jobs, or what is correct is told by
                         different rules
    not tested           there is a difference, but no test of it: smallest and largest values, one
                         example alone, a pair that was not bootstrapped
    no difference shown  q_value above 1 - interval_level: chance among so many comparisons is
                         enough to explain it. This does not say that there is none: see
                         minimum_detectable_effect
    better, worse        q_value at most that, in the metric's direction
    higher, lower        the same, where the metric's direction is not known

    Expects pairs, delta, q_value and is_higher_better of the row.
-#}
{% macro comparison_verdict(is_told_differently='false') -%}
    {%- set alpha = (1 - var('interval_level')) | round(6) -%}
    case
            when pairs = 0 or {{ is_told_differently }} then 'not comparable'
            when q_value is null then 'not tested'
            when q_value > {{ alpha }}e0 or delta = 0e0 then 'no difference shown'
            when is_higher_better is null then case when delta > 0e0 then 'higher' else 'lower' end
            when is_higher_better = (delta > 0e0) then 'better'
            else 'worse'
        end
{%- endmacro %}
