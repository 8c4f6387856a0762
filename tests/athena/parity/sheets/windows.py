"""Windows, ranks, frames, order: ties and nulls have one place on both engines."""

from __future__ import annotations

from tests.athena.parity.sheets import Query

ROWS = """(
    values
    ('a', 1, 2e0), ('a', 2, 2e0), ('a', 3, null), ('a', 4, -1e0), ('a', 5, 7e0),
    ('b', 6, null), ('b', 7, null), ('c', 8, 0e0)
) as v(g, id, x)"""

QUERIES = (
    Query(
        "ranks",
        f"""
        select
            id,
            row_number() over (partition by g order by x asc nulls last, id asc) as place,
            rank() over (partition by g order by x desc nulls last) as ranked,
            dense_rank() over (partition by g order by x asc nulls first) as dense,
            percent_rank() over (partition by g order by x asc nulls last) as share,
            cume_dist() over (partition by g order by x asc nulls last) as reached,
            ntile(2) over (order by id asc) as half
        from {ROWS}
        order by id asc
        """,
    ),
    Query(
        "neighbours",
        f"""
        select
            id,
            lag(x) over (partition by g order by id asc) as before,
            lag(x, 2) over (partition by g order by id asc) as two_before,
            lag(x, 1, 0e0) over (partition by g order by id asc) as before_or_zero,
            lead(x) over (partition by g order by id asc) as after,
            first_value(x) over (partition by g order by id asc) as first_x,
            last_value(x) over (
                partition by g order by id asc
                rows between unbounded preceding and unbounded following
            ) as last_x,
            nth_value(x, 2) over (
                partition by g order by id asc
                rows between unbounded preceding and unbounded following
            ) as second_x
        from {ROWS}
        order by id asc
        """,
    ),
    Query(
        "frames",
        f"""
        select
            id,
            sum(x) over (partition by g order by id asc) as running,
            sum(x) over (
                partition by g order by id asc rows between 1 preceding and 1 following
            ) as around,
            avg(x) over (partition by g) as mean,
            count(*) over (partition by g) as n,
            count(x) over (order by id asc rows between unbounded preceding and current row)
                as seen,
            max(x) over w as highest,
            min(x) over w as lowest
        from {ROWS}
        window w as (partition by g)
        order by id asc
        """,
    ),
    Query(
        "a frame by value",
        """
        select
            id,
            count(*) over (order by t asc range between interval '1' day preceding and current row)
                as last_day
        from (
            values
            (1, timestamp '2026-01-01 00:00:00'), (2, timestamp '2026-01-01 12:00:00'),
            (3, timestamp '2026-01-02 06:00:00'), (4, timestamp '2026-01-09 00:00:00')
        ) as v(id, t)
        order by id asc
        """,
    ),
    Query(
        "exact percentiles, by interpolation between ranks",
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
            sum(
                case
                    when place = cast(floor(0.9e0 * cast(n - 1 as double)) as bigint) + 1
                        then x * (1e0 - (0.9e0 * cast(n - 1 as double)
                            - floor(0.9e0 * cast(n - 1 as double))))
                    when place = cast(floor(0.9e0 * cast(n - 1 as double)) as bigint) + 2
                        then x * (0.9e0 * cast(n - 1 as double)
                            - floor(0.9e0 * cast(n - 1 as double)))
                    else 0e0
                end
            ) as p90
        from ranked
        group by g
        order by g asc
        """,
    ),
    Query(
        "nulls have their place in an order",
        f"""
        select id, x from {ROWS} order by x desc nulls last, id asc
        """,
    ),
    Query(
        "nulls come first where that is asked",
        f"""
        select id, x from {ROWS} order by x asc nulls first, id desc
        """,
    ),
    Query(
        "texts are ordered by code point",
        """
        select s from (
            values ('a'), ('B'), ('b'), ('ä'), ('Z'), ('😀'), ('￿'), (''), ('ab'), ('a b')
        ) as v(s)
        order by s asc
        """,
    ),
    Query(
        "limit after order",
        f"select id from {ROWS} order by x asc nulls last, id asc limit 3",
    ),
)
