{#-
    cohen_kappa(n, agreed, products): agreement of two raters beyond chance.

    (p_o - p_e) / (1 - p_e), p_o = agreed / n, p_e = products / n^2 (Cohen 1960).

    n:        items that both rated (count).
    agreed:   items that both put into the same category (count).
    products: sum over categories of (items that the first put there) * (items that the second did).
    All are expressions. Null where n is 0, or where chance alone would agree always.
    Reference: statsmodels.stats.inter_rater.cohens_kappa.
-#}
{% macro cohen_kappa(n, agreed, products) -%}
    {%- set items -%} nullif(cast({{ n }} as double), 0e0) {%- endset -%}
    ((cast({{ agreed }} as double) * {{ items }} - cast({{ products }} as double))
    / nullif({{ items }} * {{ items }} - cast({{ products }} as double), 0e0))
{%- endmacro %}
