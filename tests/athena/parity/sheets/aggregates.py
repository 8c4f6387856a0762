"""Aggregates: counts, sums, spread, extremes, and groups that are empty, constant or null."""

from __future__ import annotations

from tests.athena.parity.sheets import Query, Sheet

GROUPS = (
    *(("varied", x, y) for x, y in ((1.0, 2.0), (2.0, 1.0), (4.5, 7.0), (-3.0, 0.0), (9.0, 8.5))),
    *(("constant", 2.5, y) for y in (1.0, 2.0, 3.0)),
    *(("with nulls", x, y) for x, y in ((None, 1.0), (1.0, None), (3.0, 4.0), (5.0, 2.0))),
    ("one", 0.25, 0.5),
    ("all null", None, None),
    ("all null", None, None),
    *(("small and large", x, 1.0) for x in (1e15, 1.0, -1e15, 1e-9)),
    (None, 1.0, 1.0),
)
GUARD = "case when {0} - {0} = 0e0 then {0} end"

SHEETS = (
    Sheet(
        name="aggregates",
        columns={"g": "varchar", "x": "double", "y": "double"},
        rows=GROUPS,
        expressions=(
            "count(*)",
            "count(x)",
            "count(distinct x)",
            "count(*) filter (where x > 1e0)",
            "sum(x)",
            "sum(x) filter (where y > 1e0)",
            "cast(sum(cast(floor(case when abs(x) < 1e6 then x end) as bigint)) as bigint)",
            "cast(sum(case when x > y then 1 else 0 end) as bigint)",
            "avg(x)",
            "min(x)",
            "max(x)",
            "stddev(x)",
            "stddev_samp(x)",
            "stddev_pop(x)",
            "variance(x)",
            "var_samp(x)",
            "var_pop(x)",
            "covar_pop(x, y)",
            "covar_samp(x, y)",
            GUARD.format("corr(x, y)"),
            GUARD.format("regr_slope(y, x)"),
            GUARD.format("regr_intercept(y, x)"),
            "geometric_mean(abs(x) + 1e0)",
            "bool_and(x > 0e0)",
            "bool_or(x > 4e0)",
            "every(y >= 0e0)",
            "max(x, 2)",
            "min(x, 2)",
            "max(case when x > 0e0 then 'positive' end)",
            "min(cast(x > 0e0 as integer))",
        ),
        is_grouped=True,
    ),
    Sheet(
        name="aggregates of texts",
        columns={"g": "varchar", "s": "varchar"},
        rows=(
            ("a", "b"),
            ("a", "ñ"),
            ("a", "Z"),
            ("a", "😀"),
            ("a", "\uffff"),  # below the smile by code point, above it by UTF-16
            ("a", ""),
            ("b", None),
            ("c", "same"),
            ("c", "same"),
        ),
        expressions=(
            "min(s)",
            "max(s)",
            "count(distinct s)",
            "array_join(array_agg(s order by s asc nulls last), '|')",
            "array_join(array_agg(s order by s desc nulls last), '|')",
            "bool_or(s = 'same')",
        ),
        is_grouped=True,
    ),
)

QUERIES = (
    Query(
        "aggregates of no rows",
        """
        select
            count(*) as n, sum(x) as total, avg(x) as mean, max(x) as highest,
            stddev(x) as spread, bool_or(x > 0e0) as any_positive, array_agg(x) as listed
        from (values (1e0)) as v(x)
        where x < 0e0
        """,
    ),
    Query(
        "grouping sets",
        """
        select a, b, cast(grouping(a, b) as bigint) as level, count(*) as n, cast(sum(x) as bigint) as total
        from (values ('p', 'q', 1), ('p', 'r', 2), (null, 'q', 4)) as v(a, b, x)
        group by grouping sets ((a, b), (a), ())
        order by level asc, a asc nulls last, b asc nulls last
        """,
    ),
    Query(
        "cube and rollup",
        """
        select a, b, count(*) as n, cast(grouping(a) as bigint) as is_all_a,
            cast(grouping(b) as bigint) as is_all_b
        from (values ('p', 'q'), ('p', 'r'), ('s', 'q')) as v(a, b)
        group by cube (a, b)
        order by is_all_a asc, is_all_b asc, a asc nulls last, b asc nulls last
        """,
    ),
    Query(
        "set operations know nulls",
        """
        select x from (
            (select x from (values (1), (null), (2)) as a(x) union select null)
            except
            select x from (values (2)) as b(x)
        ) as kept
        order by x asc nulls last
        """,
    ),
    Query(
        "not in with a null is not true",
        """
        select x from (values (1), (2)) as a(x)
        where x not in (select y from (values (1), (null)) as b(y))
        order by x asc
        """,
    ),
)
