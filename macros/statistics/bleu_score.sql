{#-
    bleu_score(prefix): BLEU in [0, 100] from the counts of example_bleu, or from their sums.

    The geometric mean of the precisions for n = 1 to 4, times exp(1 - r/c) where the answers are
    shorter than the gold answers (Papineni 2002). As sacrebleu does by default, an order without any
    match counts as half a match, the next such order as a quarter, and so on (smoothing "exp"), and
    0 is given where no order has a match or where there are no 4-grams.

    prefix: in front of the columns correct_1 to total_4, prediction_words and reference_words.
    Null where those are. Reference: sacrebleu.metrics.BLEU.compute_bleu(smooth_method="exp").
-#}
{% macro bleu_score(prefix='') -%}
    {%- set c = [] -%}{%- set t = [] -%}
    {%- for n in range(1, 5) -%}
        {%- do c.append('cast(' ~ prefix ~ 'correct_' ~ n ~ ' as double)') -%}
        {%- do t.append('cast(' ~ prefix ~ 'total_' ~ n ~ ' as double)') -%}
    {%- endfor -%}
    {%- set words -%} cast({{ prefix }}prediction_words as double) {%- endset -%}
    {%- set wanted -%} cast({{ prefix }}reference_words as double) {%- endset -%}
    (case
        when {{ c[0] }} = 0e0 or {{ t[3] }} = 0e0 then 0e0
        else
            100e0 * (case when {{ words }} < {{ wanted }} then exp(1e0 - {{ wanted }} / {{ words }}) else 1e0 end)
            * exp((
                {%- for n in range(4) %}
                {{ '+ ' if n }}ln(
                    (case
                        when {{ c[n] }} > 0e0 then {{ c[n] }}
                        else power(
                            2e0,
                            -(
                                {%- for k in range(n + 1) %}
                                {{- ' + ' if k }}(case when {{ c[k] }} = 0e0 then 1e0 else 0e0 end)
                                {%- endfor -%}
                            )
                        )
                    end) / {{ t[n] }}
                )
                {%- endfor %}
            ) / 4e0)
    end)
{%- endmacro %}
