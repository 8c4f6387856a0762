"""Times: UTC timestamps in milliseconds, days, differences, formats."""

from __future__ import annotations

from tests.athena.parity.sheets import Sheet

TIMES = (
    None,
    "2026-01-02 03:04:05.678",
    "1970-01-01 00:00:00.000",
    "1969-12-31 23:59:59.999",
    "2024-02-29 12:00:00.000",
    "2023-12-31 23:59:59.000",
    "2026-11-21 00:00:00.001",
    "1000-01-01 00:00:00.000",
    "9990-12-31 23:59:59.999",
)

SHEETS = (
    Sheet(
        name="times",
        columns={"t": "timestamp(3)"},
        rows=tuple((time,) for time in TIMES),
        expressions=(
            "t",
            "cast(t as date)",
            "cast(date_trunc('day', t) as date)",
            "cast(date_trunc('month', t) as date)",
            "cast(date_trunc('hour', t) as timestamp(3))",
            "cast(cast(t as date) + interval '1' day as date)",
            "t + interval '1' hour",
            "t - interval '1' day",
            "cast(date_diff('day', cast(t as date), date '2026-01-01') as bigint)",
            "cast(extract(year from t) as bigint)",
            "cast(year(t) as bigint)",
            "cast(month(t) as bigint)",
            "cast(day(t) as bigint)",
            "cast(hour(t) as bigint)",
            "cast(minute(t) as bigint)",
            "cast(quarter(t) as bigint)",
            "cast(week(t) as bigint)",
            "to_unixtime(t)",
            "cast(from_unixtime(to_unixtime(t)) at time zone 'UTC' as timestamp(3))",
            "t < timestamp '2000-01-01 00:00:00'",
            "t = timestamp '2026-01-02 03:04:05.678'",
            "coalesce(t, timestamp '2000-01-01 00:00:00.000')",
        ),
    ),
    Sheet(
        name="times as text",
        columns={"s": "varchar"},
        rows=(
            (None,),
            ("2026-01-02T03:04:05.678Z",),
            ("2026-01-02T03:04:05+02:00",),
            ("2024-02-29T00:00:00.000Z",),
        ),
        expressions=(
            "cast(from_iso8601_timestamp(s) at time zone 'UTC' as timestamp(3))",
            "try_cast(substr(s, 1, 10) as date)",
            "cast(try_cast(substr(s, 1, 10) as date) as varchar)",
        ),
    ),
    Sheet(
        name="days",
        columns={"d": "date"},
        rows=(("2026-01-01",), ("2024-02-29",), (None,)),
        expressions=(
            "d",
            "cast(d + interval '1' day as date)",
            "cast(d as timestamp(3))",
            "cast(d as varchar)",
            "cast(date_diff('day', date '2024-01-01', d) as bigint)",
            "cast(date_diff('month', date '2024-01-01', d) as bigint)",
        ),
    ),
)
