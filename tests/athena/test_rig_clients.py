"""Unmodified clients get from the rig what they get from Athena: boto3, awswrangler, PyAthena."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.athena.rig import SharedRig

BUCKET = "rigtest-clients"
DATABASE = "rigtest_clients"
OUTPUT = f"s3://{BUCKET}/results/"


@pytest.fixture(scope="module")
def place(rig: SharedRig) -> str:
    """A bucket and a database of our own."""
    import boto3

    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    run(
        f"create table orders with (external_location = 's3://{BUCKET}/orders/',"
        " format = 'PARQUET', partitioned_by = array['day']) as"
        " select * from (values (1, 'one', date '2026-01-01', '2026-01-01'),"
        " (2, null, null, '2026-01-01'), (3, '', date '2026-01-03', '2026-01-03'))"
        " as v(id, name, due, day)"
    )
    return DATABASE


def start(sql: str, **more: Any) -> str:
    import boto3

    request = {
        "QueryString": sql,
        "QueryExecutionContext": {"Database": DATABASE, "Catalog": "AwsDataCatalog"},
        "ResultConfiguration": {"OutputLocation": OUTPUT},
    } | more
    return boto3.client("athena").start_query_execution(**request)["QueryExecutionId"]


def wait(query_id: str) -> dict[str, Any]:
    import boto3

    client = boto3.client("athena")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        execution = client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return execution
    raise AssertionError(f"query {query_id} does not end")


def run(sql: str, **more: Any) -> dict[str, Any]:
    """The execution of a statement that must succeed."""
    execution = wait(start(sql, **more))
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return execution


def rows(execution: dict[str, Any], **more: Any) -> list[list[str | None]]:
    import boto3

    pages = boto3.client("athena").get_paginator("get_query_results")
    return [
        [cell.get("VarCharValue") for cell in row["Data"]]
        for page in pages.paginate(QueryExecutionId=execution["QueryExecutionId"], **more)
        for row in page["ResultSet"]["Rows"]
    ]


# boto3


def test_a_select_gives_a_header_and_tells_null_from_empty(place: str) -> None:
    got = rows(run("select id, name from orders order by id asc nulls last"))
    assert got == [["id", "name"], ["1", "one"], ["2", None], ["3", ""]]


def test_the_result_file_has_every_value_in_quotes_and_null_as_nothing(place: str) -> None:
    import boto3

    execution = run("select id, name, 'a \"b\"' as q from orders order by id asc nulls last")
    location = execution["ResultConfiguration"]["OutputLocation"]
    key = location.removeprefix(f"s3://{BUCKET}/")
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    lines = ['"id","name","q"', '"1","one","a ""b"""', '"2",,"a ""b"""', '"3","","a ""b"""']
    assert body.decode().splitlines() == lines


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("1", "integer", "1"),
        ("9223372036854775807", "bigint", "9223372036854775807"),
        ("0.5e0", "double", "0.5"),
        ("1e10", "double", "1.0E10"),
        ("1e-5", "double", "1.0E-5"),
        ("12345678.9e0", "double", "1.23456789E7"),
        ("-0e0", "double", "-0.0"),
        ("nan()", "double", "NaN"),
        ("-infinity()", "double", "-Infinity"),
        ("real '0.1'", "float", "0.1"),
        ("cast(1.50 as decimal(5,2))", "decimal", "1.50"),
        ("true", "boolean", "true"),
        ("'ä\n☃'", "varchar", "ä\n☃"),
        ("date '2026-01-02'", "date", "2026-01-02"),
        ("timestamp '2026-01-02 03:04:05.120'", "timestamp", "2026-01-02 03:04:05.120"),
        (
            "timestamp '2026-01-02 03:04:05.120 UTC'",
            "timestamp with time zone",
            "2026-01-02 03:04:05.120 UTC",
        ),
        ("x'01ff'", "varbinary", "01 ff"),
        ("array[1, null]", "array", "[1, null]"),
        ("map(array['k'], array[1e0])", "map", "{k=1.0}"),
        ("cast(row(1, 'a', null) as row(n integer, s varchar, z double))", "row", None),
        ("array[cast(row(1, 'a') as row(n integer, s varchar))]", "array", "[{n=1, s=a}]"),
        ("json_parse('{\"a\": 1}')", "json", '{"a":1}'),
        ("cast(null as varchar)", "varchar", None),
    ],
)
def test_values_and_types_read_as_on_athena(
    place: str, sql: str, kind: str, text: str | None
) -> None:
    import boto3

    execution = run(f"select {sql} as x")
    answer = boto3.client("athena").get_query_results(
        QueryExecutionId=execution["QueryExecutionId"]
    )
    column = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]
    assert column["Type"] == kind
    wanted = "{n=1, s=a, z=null}" if kind == "row" else text
    assert rows(execution)[1:] == [[wanted]]


def test_results_come_in_pages_of_at_most_a_thousand_rows(place: str) -> None:
    import boto3
    from botocore.exceptions import ClientError

    execution = run("select x from unnest(sequence(1, 2500)) as u(x) order by x asc nulls last")
    client = boto3.client("athena")
    query_id = execution["QueryExecutionId"]
    first = client.get_query_results(QueryExecutionId=query_id)
    assert len(first["ResultSet"]["Rows"]) == 1000
    assert first["NextToken"]
    everything = [row[0] for row in rows(execution)]
    assert everything == ["x", *map(str, range(1, 2501))]
    with pytest.raises(ClientError, match="less than or equal to 1000"):
        client.get_query_results(QueryExecutionId=query_id, MaxResults=1001)


def test_question_marks_take_the_parameters_of_the_request(place: str) -> None:
    sql = "select id from orders where name = ? and id < ?"
    assert rows(run(sql, ExecutionParameters=["'one'", "2"])) == [["id"], ["1"]]


def test_bytes_scanned_are_those_trino_read(place: str) -> None:
    all_days = run("select sum(id) from orders")["Statistics"]["DataScannedInBytes"]
    one_day = run("select sum(id) from orders where day = '2026-01-03'")
    assert 0 < one_day["Statistics"]["DataScannedInBytes"] < all_days
    assert run("select 1")["Statistics"]["DataScannedInBytes"] == 0


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("select 1", ("DML", "SELECT")),
        ("-- a comment\nwith a as (select 1 as x) select * from a;", ("DML", "SELECT")),
        ("show tables", ("UTILITY", "SHOW_TABLES")),
        ("create or replace view seen as select id from orders", ("DDL", "CREATE_VIEW")),
        ("drop view if exists seen", ("DDL", "DROP_VIEW")),
    ],
)
def test_statements_are_told_apart(place: str, sql: str, kinds: tuple[str, str]) -> None:
    execution = run(sql)
    assert (execution["StatementType"], execution["SubstatementType"]) == kinds


def test_hive_ddl_reaches_glue_and_trino_reads_what_it_made(place: str) -> None:
    import boto3

    boto3.client("s3").put_object(Bucket=BUCKET, Key="csv/day=x/a.csv", Body=b'h,i\n1,"a, b"\n')
    run(
        "create external table `made` (`h` string, `i` string comment 'it''s') "
        "partitioned by (`day` string)\nrow format serde 'org.apache.hadoop.hive.serde2"
        f".OpenCSVSerde'\nlocation 's3://{BUCKET}/csv/'"
        " tblproperties ('skip.header.line.count' = '1')"
    )
    assert rows(run("select h, i from made")) == [["h", "i"]]
    run("msck repair table made")
    assert rows(run("show partitions made")) == [["day=x"]]
    assert rows(run("select h, i, day from made"))[1:] == [["1", "a, b", "x"]]
    run("alter table made set tblproperties ('note' = 'kept')")
    described = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="made")["Table"]
    assert described["Parameters"]["note"] == "kept"
    assert described["StorageDescriptor"]["Columns"][1]["Comment"] == "it's"
    run("alter table made drop partition (day = 'x')")
    assert rows(run("select h from made")) == [["h"]]
    run("drop table made")
    run("drop table if exists made")


def test_ctas_without_a_place_goes_below_the_output_location(place: str) -> None:
    import boto3

    execution = run("create table placed as select 1 as x")
    where = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="placed")["Table"]
    wanted = f"{OUTPUT}tables/{execution['QueryExecutionId']}"
    assert where["StorageDescriptor"]["Location"].rstrip("/") == wanted


def test_insert_and_unload_leave_a_manifest_of_the_files_they_wrote(place: str) -> None:
    import boto3

    client = boto3.client("s3")
    run(f"create table grown with (external_location = 's3://{BUCKET}/grown/') as select 1 as x")
    inserted = run("insert into grown select 2")
    unloaded = run(
        f"unload (select * from grown) to 's3://{BUCKET}/unloaded/'"
        " with (format = 'PARQUET', compression = 'zstd')"
    )
    for execution, folder, files in ((inserted, "grown/", 1), (unloaded, "unloaded/", None)):
        manifest = execution["Statistics"]["DataManifestLocation"]
        key = manifest.removeprefix(f"s3://{BUCKET}/")
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        uris = body.splitlines()
        assert uris
        assert all(uri.startswith(f"s3://{BUCKET}/{folder}") for uri in uris)
        assert files is None or len(uris) == files
    assert rows(run("select sum(x) as s from grown")) == [["s"], ["3"]]


# awswrangler


@pytest.mark.parametrize(
    "how",
    [
        {"ctas_approach": False},
        {"ctas_approach": True},
        {"ctas_approach": False, "unload_approach": True},
    ],
    ids=["csv", "ctas", "unload"],
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_awswrangler_reads_queries_three_ways(place: str, how: dict[str, bool]) -> None:
    import awswrangler

    more = {} if "unload_approach" not in how else {"s3_output": f"s3://{BUCKET}/unload-way/"}
    frame = awswrangler.athena.read_sql_query(
        "select id, name, due, 1.5e0 as score from orders order by id asc nulls last",
        database=place,
        **{"s3_output": OUTPUT, **more},
        **how,
    ).sort_values("id")
    assert frame["id"].tolist() == [1, 2, 3]
    # Read from CSV, pandas takes an empty text for a missing one: so it does with Athena's.
    assert frame["name"].isna().tolist() == [False, True, how == {"ctas_approach": False}]
    assert frame["due"].tolist()[0] == dt.date(2026, 1, 1)
    assert frame["score"].tolist() == [1.5, 1.5, 1.5]


# PyAthena


def test_pyathena_reads_typed_rows_and_binds_parameters(place: str) -> None:
    from pyathena import connect

    with connect(s3_staging_dir=OUTPUT, schema_name=place, poll_interval=0.05) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select id, name, due, cast(1.5 as decimal(3,1)) as d from orders where id = %(id)s",
            {"id": 1},
        )
        assert [column[0] for column in cursor.description or []] == ["id", "name", "due", "d"]
        assert cursor.fetchall() == [(1, "one", dt.date(2026, 1, 1), Decimal("1.5"))]
        assert cursor.data_scanned_in_bytes


def test_pyathena_reads_frames(place: str) -> None:
    from pyathena import connect
    from pyathena.pandas.cursor import PandasCursor

    with connect(s3_staging_dir=OUTPUT, schema_name=place, poll_interval=0.05) as connection:
        cursor = connection.cursor(PandasCursor)
        frame = cursor.execute("select id, name from orders order by id asc nulls last").as_pandas()
    assert frame["id"].tolist() == [1, 2, 3]
