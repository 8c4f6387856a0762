{#-
    bradley_terry_bound(probability, stderr, quantile, side): an end of its interval.

    On the log-odds scale, where the sandwich H^-1 G H^-1 of two players is
    stderr^2 / (p (1 - p))^2 with `stderr` the clustered error of the share of wins: then
    logit(p) -+ quantile * stderr / (p (1 - p)), turned back.

    quantile: of t with C - 1 degrees of freedom (see clustered_quantiles).

    Null where the probability is null or 0 or 1, and with one cluster.
-#}
{% macro bradley_terry_bound(probability, stderr, quantile, side) -%}
    {%- set sign = {'lower': '-', 'upper': '+'}[side] -%}
    (case
        when {{ probability }} > 0e0 and {{ probability }} < 1e0
            then
                1e0 / (1e0 + exp(-(
                    ln({{ probability }} / (1e0 - {{ probability }}))
                    {{ sign }} {{ quantile }} * {{ stderr }}
                    / ({{ probability }} * (1e0 - {{ probability }}))
                )))
    end)
{%- endmacro %}
