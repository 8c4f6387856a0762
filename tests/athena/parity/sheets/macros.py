"""Every macro that decides a value, over the edges of what it may be given."""

from __future__ import annotations

from itertools import product

from tests.athena.parity.sheets import Query, Sheet
from tests.athena.parity.sheets.text import TEXTS

COUNTS = (
    *(
        (k, n)
        for n in (0, 1, 2, 7, 40, 1_000, 250_000)
        for k in sorted({0, 1, n // 3, n})
        if k <= n
    ),
    (None, 10),
    (3, None),
)

BLOCK_ROWS = """
    select g, cast(c as double) as confidence, y as is_correct
    from (
        values
        ('ties', 0.5e0, true), ('ties', 0.5e0, false), ('ties', 0.5e0, true), ('ties', 0.9e0, true),
        ('ties', 1e0, false), ('ties', 0e0, false), ('ties', 0.9e0, false), ('ties', 0.1e0, true),
        ('all right', 0.2e0, true), ('all right', 0.3e0, true), ('all right', 0.3e0, true),
        ('all wrong', 0.2e0, false), ('all wrong', 0.9e0, false),
        ('one right', 0.7e0, true), ('one wrong', 0.7e0, false),
        ('edges', 0e0, false), ('edges', 1e0, true), ('edges', 0.06666666666666667e0, true),
        ('edges', 0.9333333333333333e0, false), ('edges', 0.4666666666666667e0, true)
    ) as v(g, c, y)
    union all
    select
        'many' as g,
        cast(mod(u.i * 7919, 1000) as double) / 1000e0 as confidence,
        mod(u.i * 104729, 1000) < mod(u.i * 7919, 1000) as is_correct
    from unnest(sequence(1, 3000)) as u(i)
"""

SHEETS = (
    Sheet(
        name="macros of proportions",
        columns={"k": "bigint", "n": "bigint"},
        rows=COUNTS,
        expressions=(
            *(
                f"{{{{ wilson_bound('(cast(k as double) / nullif(cast(n as double), 0e0))', 'n',"
                f" '{side}'{level}) }}}}"
                for side, level in product(("lower", "upper"), ("", ", 0.9"))
            ),
            *(
                f"{{{{ clopper_pearson_bound('k', 'n', '{side}', {tail}) }}}}"
                for side, tail in product(("lower", "upper"), (0.05, 0.025))
            ),
            "{{ binomial_cdf('k', 'n', '0.5e0') }}",
            "{{ binomial_cdf('k - 1', 'n', '0.01e0') }}",
            "{{ harmonic_number('n') }}",
            "{{ effective_n('n', 'k', 'cast(2.5e0 as double)') }}",
            "{{ effective_n('n', 'k', 'cast(null as double)') }}",
            "case when k > 0 and n > k then"
            " {{ beta_quantile('0.025e0', 'cast(k as double)', 'cast(n - k as double)') }} end",
            "{{ mean_bound('cast(k as double)', 'cast(k as double)', 'n',"
            " 'nullif(cast(n as double), 0e0)', '1.96e0', 'lower') }}",
            "{{ clustered_stderr('n', 'k', 'n', 'k', 'k', 'n') }}",
            "{{ design_effect('0.1e0', 'n', 'k', 'k', 'n') }}",
            "{{ design_effect('0.1e0', 'n', 'k', 'k', 'n - 1') }}",
        ),
    ),
    Sheet(
        name="macros of quantiles",
        columns={"df": "bigint"},
        rows=tuple(
            (df,) for df in (None, -1, 0, 1, 2, 3, 5, 10, 30, 99, 199, 200, 201, 202, 5_000, 10**9)
        ),
        expressions=(
            *(f"{{{{ t_quantile({level}, 'df') }}}}" for level in (0.8, 0.9, 0.95, 0.98, 0.99)),
            "cast(df as double) * {{ normal_quantile(0.95) }}",
        ),
    ),
    Sheet(
        name="macros of bins",
        columns={"c": "double"},
        rows=(
            *((edge / 15,) for edge in range(16)),
            *((edge / 15 - 1e-16,) for edge in range(1, 16)),
            (None,),
            (0.9999999999999999,),
            (1e-300,),
        ),
        expressions=(
            "{{ equal_width_bin('c') }}",
            "{{ equal_width_bin('c', 10) }}",
            "{{ equal_width_bin('c', 3) }}",
            "{{ ece_bound('c', '0.01e0', 'c', '100', 'lower') }}",
            "{{ ece_bound('c', '0.01e0', 'c', '100', 'upper') }}",
            "{{ ece_bound('c', '0.01e0', 'c', '0', 'upper') }}",
        ),
    ),
    Sheet(
        name="macros of paired tests",
        columns={"b": "bigint", "c": "bigint"},
        rows=(
            *product((0, 1, 6, 86, 4_000), (0, 1, 5, 150, 4_000)),
            (None, 1),
            (1, None),
        ),
        expressions=(
            "{{ mcnemar_statistic('b', 'c') }}",
            "{{ mcnemar_statistic('b', 'c', true) }}",
            "{{ mcnemar_mid_p('b', 'c') }}",
            "{{ sign_test_p_value('b', 'c') }}",
            "{{ normal_p_value('sqrt(cast(b as double))') }}",
            "{{ t_p_value('cast(b as double) / 50e0', 'c') }}",
            "{{ needed_pairs('cast(b as double)', 'cast(c as double)') }}",
            "{{ detectable_effect('cast(b as double)') }}",
            "{{ detectable_effect('cast(b as double)', 'c') }}",
            "{{ power_quantile(0.9, 'c') }}",
            "{{ near('cast(b as double)', 'cast(c as double) + 1e-7') }}",
        ),
    ),
    Sheet(
        name="macros of probabilities",
        columns={"p": "double"},
        rows=tuple(
            (p,)
            for p in (
                *(None, 0.0, 1e-300, 1e-7, 1e-6, 0.25, 0.5, 0.75, 1 - 1e-6, 1 - 1e-7, 1.0),
                *(place / 40 for place in range(1, 40)),
            )
        ),
        expressions=(
            "{{ logit('p') }}",
            "{{ logistic('p * 2000e0 - 1000e0') }}",
            "{{ logit_bin(logit('p')) }}",
            "{{ bradley_terry_bound('p', '0.05e0', '1.96e0', 'lower') }}",
            "{{ bradley_terry_bound('p', '0.05e0', '1.96e0', 'upper') }}",
        ),
    ),
    Sheet(
        name="macros of verdicts",
        columns={
            "pairs": "bigint",
            "delta": "double",
            "q_value": "double",
            "is_higher_better": "boolean",
        },
        rows=tuple(
            product((0, 9), (None, -0.5, 0.0, 0.5), (None, 0.04, 0.06), (None, True, False))
        ),
        expressions=("{{ comparison_verdict() }}", "{{ comparison_verdict('delta is null') }}"),
    ),
    Sheet(
        name="macros of texts",
        columns={"s": "varchar"},
        rows=tuple((text,) for text in TEXTS),
        expressions=(
            "{{ md5_hex('s') }}",
            "strpos('0123456789abcdef', substr({{ md5_hex('s') }}, 1, 1)) - 1",
            "substr({{ md5_hex(\"s || '|seed'\") }}, 1, 2) < '1a'",
            "{{ fold_of('s', 5) }}",
            "{{ hex_number(md5_hex('s'), 1, 15) }}",
            "{{ hex_number(md5_hex('s'), 30, 2) }}",
            "{{ poisson_weight('substr(' ~ md5_hex('s') ~ ', 1, 4)') }}",
        ),
    ),
    Sheet(
        name="macros of JSON Schema",
        columns={
            "example": "varchar",
            "field_path": "varchar",
            "value_type": "varchar",
            "field_value": "varchar",
        },
        rows=(
            ("good", "class", "string", "A"),
            ("good", "score", "number", "0.5"),
            ("good", "tags[0]", "string", "ñ"),
            ("wrong label", "class", "string", "Z"),
            ("wrong label", "score", "number", "1"),
            ("no score", "class", "string", "A"),
            ("one too many", "class", "string", "A"),
            ("one too many", "score", "number", "2"),
            ("one too many", "other", "null", None),
            ("a fraction", "class", "string", "A"),
            ("a fraction", "score", "number", "1e-1"),
            ("a fraction", "count", "number", "1.5"),
            ("a count", "class", "string", "A"),
            ("a count", "score", "number", "0.1"),
            ("a count", "count", "number", "2.0"),
            ("an array", "[0]", "string", "A"),
        ),
        expressions=(
            "{{ follows_schema({'type': 'object', 'required': ['class', 'score'],"
            " 'additionalProperties': false, 'properties': {"
            " 'class': {'enum': ['A', 'B']}, 'score': {'type': 'number'},"
            " 'count': {'type': 'integer'},"
            " 'tags': {'type': 'array'}}}) }}",
            "{{ follows_schema({'type': ['object', 'array']}) }}",
        ),
        is_grouped=True,
    ),
)

QUERIES = (
    Query(
        "macros of ranking",
        f"""
        with answers as ({BLOCK_ROWS}),
        blocks as ({{{{ tie_blocks('answers', ['g']) }}}}),
        binned as (select *, {{{{ equal_mass_bin() }}}} as bin from blocks),
        parts as ({{{{ ranking_parts('binned', ['g', 'bin']) }}}}),
        errors as ({{{{ aurc_stderr('blocks', ['g']) }}}})
        select
            measured.g,
            measured.ranked_examples,
            measured.ranked_correct,
            measured.auroc,
            measured.auroc_stderr,
            measured.aurc,
            measured.aurc_optimum,
            measured.e_aurc,
            measured.accuracy_at_50_coverage,
            measured.accuracy_at_80_coverage,
            measured.accuracy_at_90_coverage,
            measured.accuracy_at_95_coverage,
            measured.kept_at_95,
            errors.aurc_stderr,
            errors.e_aurc_stderr
        from ({{{{ ranking_statistics('parts', ['g']) }}}}) as measured
        inner join errors on measured.g = errors.g
        order by measured.g asc
        """,
    ),
    Query(
        "macros of calibration",
        f"""
        with answers as ({BLOCK_ROWS}),
        bins as (
            select
                g,
                {{{{ equal_width_bin('confidence') }}}} as bin,
                count(*) as examples,
                count(*) filter (where is_correct) as correct,
                sum(confidence) as sum_confidence,
                sum(confidence * confidence) as sum_confidence_square,
                sum(case when is_correct then confidence else 0e0 end) as sum_confidence_correct
            from answers
            group by g, {{{{ equal_width_bin('confidence') }}}}
        ),
        errors as ({{{{ calibration_error('bins', ['g']) }}}}),
        parts as ({{{{ brier_decomposition('bins', ['g']) }}}})
        select
            errors.g,
            errors.calibrated_examples,
            errors.ece,
            errors.rmsce,
            errors.mce,
            errors.ece_baseline,
            errors.ece_debiased,
            errors.squared_error_debiased,
            errors.ece_chance,
            parts.brier,
            parts.brier_reliability,
            parts.brier_resolution,
            parts.brier_uncertainty,
            parts.brier_within_bin_variance,
            parts.brier_within_bin_covariance
        from errors
        inner join parts on errors.g = parts.g
        order by errors.g asc
        """,
    ),
    Query(
        "adjusted p values",
        """
        with tests as (
            select f, id, cast(p as double) as p_value
            from (
                values
                ('a', 1, 1e-4), ('a', 2, 4e-4), ('a', 3, 4e-4), ('a', 4, null), ('a', 5, 0.3e0),
                ('a', 6, 1e0), ('b', 7, null), ('c', 8, 0e0), ('c', 9, 0.04e0), ('c', 10, 0.05e0)
            ) as v(f, id, p)
        )
        select f, id, p_value, q_value, holm_p_value, family_tests
        from ({{ adjusted_p_values('tests', ['f']) }}) as adjusted
        order by id asc
        """,
    ),
    Query(
        "clustered means and rates",
        """
        with clusters as (
            select g, cast(n as double) as x_n, cast(total as double) as x_total
            from (
                values
                ('many', 2, 1), ('many', 3, 3), ('many', 1, 0), ('many', 4, 2), ('many', 5, 5),
                ('many', 2, 2), ('many', 3, 1), ('many', 1, 1), ('many', 2, 0), ('many', 2, 1),
                ('many', 0, 0), ('many', null, null), ('one', 3, 2), ('none', null, null),
                ('all right', 2, 2), ('all right', 1, 1)
            ) as v(g, n, total)
        ),
        summed as (
            select g, {{ clustered_sums(['x']) }}
            from clusters
            group by g
        ),
        averaged as (
            select *, {{ clustered_means(['x']) }} from summed
        )
        select g, x_n, x_total, x_clusters, x_mean, x_stderr, x_total_square, x_total_cross,
            x_size_square, {{ clustered_worths(['x']) }}, {{ clustered_quantiles(['x']) }}
        from averaged
        order by g asc
        """,
    ),
    Query(
        "exact quantiles",
        """
        with ranked as (
            select
                g,
                x,
                row_number() over (partition by g order by x asc) as place,
                count(*) over (partition by g) as n
            from (values ('a', 1e0), ('a', 2e0), ('a', 4e0), ('a', 8e0), ('b', 3e0)) as v(g, x)
        )
        select
            g,
            {{ quantile_of_ranked('x', 'place', 'n', 0.025) }} as lowest,
            {{ quantile_of_ranked('x', 'place', 'n', 0.5) }} as middle,
            {{ quantile_of_ranked('x', 'place', 'n', 1) }} as highest
        from ranked
        group by g
        order by g asc
        """,
    ),
    Query(
        "a rate with its interval",
        """
        select n, {{ rate_columns('hit_rate', 'k', 'n', '0.5e0') }}
        from (values (0, 0), (3, 10), (10, 10), (0, 7), (cast(null as integer), 5)) as v(k, n)
        order by n asc, k asc nulls last
        """,
    ),
)
