{#-
    bin_columns(bin_lower, bin_upper): the columns that every table of bins of confidence has: its
    edges, counts and sums, accuracy with its interval, and mean confidence.

    Expects the sums of a bin and effective_share (bins_of_slices).
    bin_lower, bin_upper: double expressions, the edges.
-#}
{% macro bin_columns(bin_lower, bin_upper) -%}
    {{ bin_lower }} as bin_lower,
        {{ bin_upper }} as bin_upper,
        examples,
        correct,
        sum_confidence,
        sum_confidence_square,
        sum_confidence_correct,
        {{ rate_columns('accuracy', 'correct', 'examples', 'effective_share') }},
        sum_confidence / cast(examples as double) as mean_confidence
{%- endmacro %}
