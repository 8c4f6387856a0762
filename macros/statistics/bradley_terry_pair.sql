{#-
    bradley_terry_pair(wins, losses, ties): probability that one of two players beats the other.

    Of two players the maximum of the likelihood has a closed form: W / (W + L), a tie counted as
    half a win of each (Hunter 2004, with n games between them). Null where either has no win: then
    the strengths run away from each other and nothing finite fits.

    wins, losses, ties: expressions, counts that may be halves.
    Reference: bradley_terry with two players.
-#}
{% macro bradley_terry_pair(wins, losses, ties) -%}
    (case
        when {{ wins }} > 0 and {{ losses }} > 0
            then
                (cast({{ wins }} as double) + cast({{ ties }} as double) / 2e0)
                / (
                    cast({{ wins }} as double) + cast({{ losses }} as double)
                    + cast({{ ties }} as double)
                )
    end)
{%- endmacro %}
