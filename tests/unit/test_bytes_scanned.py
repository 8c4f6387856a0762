"""Which columns a question reads, so that their bytes can be added up."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.bench_bytes_scanned import scans, stored

SCHEMA = {
    "fct_a": ["job_id", "load_id", "example_id", "score", "text"],
    "dim_b": ["job_id", "name", "notes"],
}


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("select score from fct_a", ["fct_a score"]),
        ("select count(*) from fct_a", ["fct_a"]),
        ("select * from dim_b", ["dim_b job_id name notes"]),
        (
            "with a as (select * from fct_a), b as (select job_id, max(text) as t from a"
            " where score > 0 group by job_id) select job_id from b order by 1",
            ["fct_a job_id score"],
        ),
        (
            "select b.name, count(*) filter (where a.score > 0.5) as n from fct_a as a"
            " inner join dim_b as b on a.job_id = b.job_id group by b.name",
            ["dim_b job_id name", "fct_a job_id score"],
        ),
        (
            "select name from dim_b where job_id in (select job_id from fct_a where text = 'x')",
            ["dim_b job_id name", "fct_a job_id text"],
        ),
        (
            "with a as (select example_id from fct_a) select x.example_id from a as x"
            " inner join a as y on x.example_id = y.example_id",
            ["fct_a example_id", "fct_a example_id"],
        ),
        (
            "select name from dim_b union all select text from fct_a",
            ["dim_b name", "fct_a text"],
        ),
    ],
)
def test_what_a_question_names_is_read_as_often_as_it_is_used(sql: str, read: list[str]) -> None:
    found = sorted(" ".join((table, *sorted(columns))) for table, columns in scans(sql, SCHEMA))
    assert found == read


def test_a_fact_is_weighed_without_its_partition_keys(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table fct_a as select 'j' || i % 2 as job_id, 'l' || i % 2 as load_id,"
            " md5(cast(i as varchar)) as example_id, 1.5 as score from range(5000) as r (i)"
        )
        connection.execute("create table dim_b as select 'j0' as job_id, 'n' as name")
        fact, small = stored(connection, "fct_a", tmp_path), stored(connection, "dim_b", tmp_path)
    assert (fact.rows, fact.files, set(fact.column_bytes)) == (5000, 2, {"example_id", "score"})
    assert 5000 * 16 < fact.column_bytes["example_id"] < 5000 * 34
    assert fact.column_bytes["score"] < 1000
    assert (small.rows, small.files, set(small.column_bytes)) == (1, 1, {"job_id", "name"})
