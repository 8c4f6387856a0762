{#-
    bradley_terry(relation, keys, players, steps): strengths of several players, by likelihood.

    Reads one row per group with, for each ordered pair of players i and j, a column `wins_i_j` (how
    often i beat j; a tie is half a win of each) and gives, per group, a column `strength_i` each,
    their geometric mean 1. P(i beats j) = strength_i / (strength_i + strength_j); a rating is
    1000 + 400 log10(strength).

    Newman's iteration (2023), which has the same fixed point as Hunter's and needs a fraction of
    its steps: new_i = sum_j w_ij s_j / (s_i + s_j) / sum_j w_ji / (s_i + s_j), all players at once
    and half of the way (on the log scale), since the whole way swings to and fro. Each step reads
    the one before it once, so the text may be long but the plan is a straight line.
    Null where a player of the group has no win or no loss.

    relation: name of a relation.   keys: its grouping columns.
    players:  names, two or more.    steps: how many, 60 by default: 1e-9 for games that connect
              all players well.
    Reference: choix.opt_pairwise, and any logistic regression on the games.
-#}
{% macro bradley_terry(relation, keys, players, steps=60) -%}
    {%- set wins = [] -%}
    {%- for i in players -%}{%- for j in players -%}
        {%- if i != j -%}{%- do wins.append('wins_' ~ i ~ '_' ~ j) -%}{%- endif -%}
    {%- endfor -%}{%- endfor -%}
    {%- set columns = (keys + wins) | join(', ') -%}
    select
        {{ keys | join(', ') }}
        {%- for i in players %},
        strength_{{ i }}
        / exp((
            {%- for j in players %}{{ ' + ' if not loop.first }}ln(strength_{{ j }}){% endfor -%}
        ) / {{ players | length }}e0) as strength_{{ i }}
        {%- endfor %}
    from (
    {%- for step in range(steps) %}
        select {{ columns }}
        {%- for i in players %},
        {%- set gained, lost = [], [] -%}
        {%- for j in players if j != i -%}
            {%- set both = '(strength_' ~ i ~ ' + strength_' ~ j ~ ')' -%}
            {%- do gained.append('wins_' ~ i ~ '_' ~ j ~ ' * strength_' ~ j ~ ' / ' ~ both) -%}
            {%- do lost.append('wins_' ~ j ~ '_' ~ i ~ ' / ' ~ both) -%}
        {%- endfor %}
            sqrt(
                strength_{{ i }} * ({{ gained | join(' + ') }})
                / nullif({{ lost | join(' + ') }}, 0e0)
            ) as strength_{{ i }}
        {%- endfor %}
        from (
    {%- endfor %}
        select {{ columns }}
        {%- for i in players %},
            case
                when
                    {% for j in players if j != i -%}
                    {{ ' + ' if not loop.first }}wins_{{ i }}_{{ j }}{% endfor %} > 0e0
                    and {% for j in players if j != i -%}
                    {{ ' + ' if not loop.first }}wins_{{ j }}_{{ i }}{% endfor %} > 0e0
                    then 1e0
            end as strength_{{ i }}
        {%- endfor %}
        from {{ relation }}
    {%- for step in range(steps) %}
        ) as before_{{ step }}
    {%- endfor %}
    ) as fitted
{%- endmacro %}
