{#-
    discordant_e_value(b, c): evidence against "as many pairs turn one way as the other" that stays
    valid however often one looks.

    The average likelihood ratio of b and c discordant pairs over all shares, evenly weighed,
    against a half: 2^(b+c) * B(b + 1, c + 1). By Ville's inequality it ever reaches 1/alpha with
    probability alpha at most where the share is a half, so 20 is the bar at 5 %. It tests a
    difference of 0 alone and needs keys without repeats; for a tolerated drop the gate bets.

    b, c: integer expressions >= 0; null where either is null.
    Result: double, at least 1e-300 and at most 1e300.
    Reference: scipy.special.betaln; published numbers in the tests.
-#}
{% macro discordant_e_value(b, c) -%}
    {%- set b = "cast(" ~ b ~ " as double)" -%}
    {%- set c = "cast(" ~ c ~ " as double)" -%}
    {%- set log_evidence -%}
        (
            ({{ b }} + {{ c }}) * 0.6931471805599453e0
            + {{ log_gamma('(' ~ b ~ ' + 1e0)') }} + {{ log_gamma('(' ~ c ~ ' + 1e0)') }}
            - {{ log_gamma('(' ~ b ~ ' + ' ~ c ~ ' + 2e0)') }}
        )
    {%- endset -%}
    (case
        when {{ log_evidence }} > 690.7755278982137e0 then 1e300
        when {{ log_evidence }} < -690.7755278982137e0 then 1e-300
        else exp({{ log_evidence }})
    end)
{%- endmacro %}
