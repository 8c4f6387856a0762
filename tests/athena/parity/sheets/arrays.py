"""Arrays, maps and rows: literals, look-ups, sets, and the ways to take them apart."""

from __future__ import annotations

from tests.athena.parity.sheets import Query, Sheet, Sql

SHEETS = (
    Sheet(
        name="arrays of whole numbers",
        columns={"a": "integer array", "b": "integer array", "n": "integer"},
        rows=(
            (Sql("array[3, 1, 2, 3]"), Sql("array[3, 4]"), 1),
            (Sql("array[1]"), Sql("array[2]"), 2),
            (Sql("array[]"), Sql("array[1]"), 1),
            (Sql("array[1, null, 2]"), Sql("array[2]"), 3),
            (Sql("array[5, 5, 5]"), Sql("array[]"), 2),
            (None, Sql("array[1]"), 1),
        ),
        expressions=(
            "cardinality(a)",
            "element_at(a, 1)",
            "element_at(a, n)",
            "element_at(a, 9)",
            "element_at(a, -1)",
            "array_max(a)",
            "array_min(a)",
            "array_sort(a)",
            "array_sort(array_intersect(a, b))",
            "array_sort(array_distinct(a))",
            "arrays_overlap(a, b)",
            "slice(a, 1, 2)",
            "slice(a, 2, 9)",
            "a || b",
            "array_join(a, ',')",
            "flatten(array[a, b])",
            "cast(a as bigint array)",
            "a = b",
            "sequence(1, n)",
            "cardinality(sequence(0, n))",
        ),
    ),
    Sheet(
        name="arrays of texts",
        columns={"a": "varchar array", "s": "varchar"},
        rows=(
            (Sql("array['b', 'a', 'ñ', '😀']"), "a"),
            (Sql("array['']"), ""),
            (Sql("array['x', null, 'y']"), "y"),
            (Sql("array[]"), "a"),
            (None, None),
        ),
        expressions=(
            "cardinality(a)",
            "array_join(a, ',')",
            "array_join(a, '')",
            "array_join(array_sort(a), '|')",
            "array_join(array_sort(array_distinct(a)), '|')",
            "element_at(a, 2)",
            "array_min(a)",
            "array_max(a)",
        ),
    ),
    Sheet(
        name="maps",
        columns={"m": "map(varchar, double)", "k": "varchar"},
        rows=(
            (Sql("map(array['a', 'b'], array[1e0, 2e0])"), "a"),
            (Sql("map(array['ñ'], array[cast(null as double)])"), "ñ"),
            (Sql("map(array['a'], array[1e0])"), "z"),
            (None, "a"),
        ),
        expressions=(
            "element_at(m, 'a')",
            "element_at(m, k)",
            "cardinality(map_keys(m))",
            "array_sort(map_keys(m))",
            "array_sort(map_values(m))",
        ),
    ),
    Sheet(
        name="rows",
        columns={"n": "integer", "s": "varchar"},
        rows=((1, "a"), (None, "ñ"), (2, None)),
        expressions=(
            "cast(row(n, s) as row(n integer, s varchar)).n",
            "cast(row(n, s) as row(n integer, s varchar)).s",
        ),
    ),
    Sheet(
        name="arrays and maps of a group",
        columns={"g": "varchar", "k": "varchar", "v": "double"},
        rows=(
            ("a", "z", 1.0),
            ("a", "y", 2.0),
            ("a", "x", None),
            ("b", "only", 0.5),
            ("c", None, 1.0),
            ("c", "k", 3.0),
        ),
        expressions=(
            "array_agg(k order by k asc nulls last)",
            "array_agg(v order by v desc nulls last)",
            "array_join(array_agg(k order by k asc nulls last), ',')",
            "array_join(array_agg(k order by v desc nulls first, k asc nulls last), ',')",
            "array_agg(k order by k asc nulls last) filter (where v > 1e0)",
            "cardinality(array_agg(k))",
        ),
        is_grouped=True,
    ),
)

QUERIES = (
    Query(
        "unnest an array",
        """
        select t.id, u.e
        from (values (1, array['a', 'b']), (2, array['ñ']), (3, cast(null as varchar array)))
            as t(id, arr)
        cross join unnest(t.arr) as u(e)
        order by t.id asc, u.e asc
        """,
    ),
    Query(
        "unnest with ordinality",
        """
        select t.id, u.e, u.o
        from (values (1, array['b', 'a', 'b']), (2, array['x'])) as t(id, arr)
        cross join unnest(t.arr) with ordinality as u(e, o)
        order by t.id asc, u.o asc
        """,
    ),
    Query(
        "unnest keeps rows without elements in a left join",
        """
        select t.id, u.e
        from (values (1, array['a']), (2, cast(array[] as varchar array))) as t(id, arr)
        left join unnest(t.arr) as u(e) on true
        order by t.id asc, u.e asc nulls last
        """,
    ),
    Query(
        "unnest the keys of a map",
        """
        select t.id, u.k, element_at(t.m, u.k) as v
        from (values (1, map(array['a', 'b'], array[1e0, null])), (2, map(array['c'], array[3e0])))
            as t(id, m)
        cross join unnest(map_keys(t.m)) as u(k)
        order by t.id asc, u.k asc
        """,
    ),
    Query(
        "take an array of rows apart by its places",
        """
        select t.id, u.i, element_at(t.ns, u.i) as n, element_at(t.ss, u.i) as s
        from (values (1, array[1, 2], array['a', 'b']), (2, array[3], array['ñ'])) as t(id, ns, ss)
        cross join unnest(sequence(1, cardinality(t.ns))) as u(i)
        order by t.id asc, u.i asc
        """,
    ),
    Query(
        "a series of numbers",
        "select u.i, cast(u.i * 2 as bigint) as twice from unnest(sequence(0, 9)) as u(i)"
        " order by u.i asc",
    ),
    Query(
        "values as a relation",
        "select v.x, v.s from (values (1, 'a'), (2, null), (3, '')) as v(x, s) order by v.x asc",
    ),
    Query(
        "any and all of an array",
        """
        select
            t.id,
            bool_or(u.e > 1) as any_above,
            bool_and(u.e > 1) as all_above,
            cast(sum(u.e) as bigint) as total
        from (values (1, array[1, 2, 3]), (2, array[2, 3]), (3, array[0])) as t(id, arr)
        cross join unnest(t.arr) as u(e)
        group by t.id
        order by t.id asc
        """,
    ),
)
