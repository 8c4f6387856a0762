{#-
    binomial_cdf(k, n, p): probability of at most `k` successes in `n` trials.

    P(X <= k) = I_{1 - p}(n - k, k + 1), an identity that turns exact binomial tests into the one
    function both engines have. The complement side is used so that small tails keep their digits;
    for the upper tail P(X >= k) = I_p(k, n - k + 1), ask for binomial_cdf(n - k, n, 1 - p).

    k, n: integer expressions; below 0 gives 0, from n on gives 1. Null where either is null.
    p:    double expression in [0, 1].
    Reference: scipy.stats.binom.cdf.
-#}
{% macro binomial_cdf(k, n, p) -%}
    (case
        when {{ k }} < 0 and {{ n }} >= 0 then 0e0
        when {{ k }} >= {{ n }} then 1e0
        when {{ k }} is not null and {{ n }} is not null
            then beta_cdf(
                cast(({{ n }}) - ({{ k }}) as double), cast({{ k }} + 1 as double), 1e0 - ({{ p }})
            )
    end)
{%- endmacro %}
