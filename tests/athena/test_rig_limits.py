"""The rig refuses what Athena refuses, in Athena's words and at the same moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.athena.rig import SharedRig

BUCKET = "rigtest-limits"
DATABASE = "rigtest_limits"
OUTPUT = f"s3://{BUCKET}/results/"


@pytest.fixture(scope="module")
def athena(rig: SharedRig) -> Any:
    """The client, with a bucket and a database of our own."""
    import boto3

    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    return boto3.client("athena")


def start(athena: Any, sql: str, **more: Any) -> str:
    request = {
        "QueryString": sql,
        "QueryExecutionContext": {"Database": DATABASE},
        "ResultConfiguration": {"OutputLocation": OUTPUT},
    } | more
    return athena.start_query_execution(**request)["QueryExecutionId"]


def ending(athena: Any, sql: str, **more: Any) -> dict[str, Any]:
    """The final status of a query."""
    query_id = start(athena, sql, **more)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            return status
    raise AssertionError(f"{sql} does not end")


def partitioned(table: str, partitions: int) -> str:
    return (
        f"create table {table} with (external_location = 's3://{BUCKET}/{table}/',"
        " partitioned_by = array['part']) as"
        f" select x, cast(x as varchar) as part from unnest(sequence(1, {partitions})) as u(x)"
    )


def test_a_write_takes_a_hundred_partitions_and_no_more(athena: Any) -> None:
    assert ending(athena, partitioned("fits", 100))["State"] == "SUCCEEDED"
    refused = ending(athena, partitioned("too_many", 101))
    assert refused["State"] == "FAILED"
    # dbt-athena looks for these words to write in batches.
    assert "TOO_MANY_OPEN_PARTITIONS" in refused["StateChangeReason"]
    more = (
        "insert into fits select x, 'b' || cast(x as varchar) from unnest(sequence(1, {})) as u(x)"
    )
    refused = ending(athena, more.format(101))
    assert "TOO_MANY_OPEN_PARTITIONS" in refused["StateChangeReason"]


def test_the_text_of_a_query_has_at_most_262144_bytes(athena: Any) -> None:
    from botocore.exceptions import ClientError

    frame = len("select length('')")
    longest = f"select length('{'x' * (262_144 - frame)}')"
    assert ending(athena, longest)["State"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="less than or equal to 262144") as refused:
        start(athena, f"{longest} ")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


@pytest.mark.parametrize(
    "sql",
    [
        "delete from kept where part = '1'",
        "update kept set x = 2",
        "merge into kept using (select 1 as x) as s on kept.x = s.x when matched then delete",
    ],
)
def test_hive_tables_take_no_changes_of_rows(athena: Any, sql: str) -> None:
    ending(athena, partitioned("kept", 2))  # already there after the first time
    refused = ending(athena, sql)
    assert refused["State"] == "FAILED"
    assert refused["StateChangeReason"].startswith("NOT_SUPPORTED: Modifying Hive table rows")
    assert refused["AthenaError"]["ErrorCategory"] == 2


def test_ctas_wants_an_empty_place(athena: Any) -> None:
    import boto3

    boto3.client("s3").put_object(Bucket=BUCKET, Key="taken/old.parquet", Body=b"PAR1")
    sql = f"create table taken with (external_location = 's3://{BUCKET}/taken') as select 1 as x"
    assert "HIVE_PATH_ALREADY_EXISTS" in ending(athena, sql)["StateChangeReason"]
    unload = f"unload (select 1 as x) to 's3://{BUCKET}/taken/' with (format = 'PARQUET')"
    assert "HIVE_PATH_ALREADY_EXISTS" in ending(athena, unload)["StateChangeReason"]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "line 1:1: mismatched input 'selec'"),
        ("select 1 from", "mismatched input"),
        ("select `x` from t", "backquoted identifiers are not supported"),
        ("select 1; select 2", "Only one sql statement is allowed"),
        ("set session optimizer = true", "Queries of this type are not supported"),
        ("call system.flush()", "Queries of this type are not supported"),
        ("", "."),
    ],
)
def test_what_is_no_statement_is_refused_at_once(athena: Any, sql: str, message: str) -> None:
    from botocore.exceptions import ClientError, ParamValidationError

    with pytest.raises((ClientError, ParamValidationError), match=message):
        start(athena, sql)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select nope from fits", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("select 1 from nowhere", "TABLE_NOT_FOUND: line 1:15: Table"),
        ("select 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("select cast('a' as integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'a' to INT"),
        ("select '1' = 1", "TYPE_MISMATCH: line 1:12: Cannot apply operator"),
        ("drop table nowhere", "FAILED: SemanticException"),
        (
            "create table t with (format = 'PARQUET') as select timestamp '2026-01-01 00:00:00 UTC' as x",
            "NOT_SUPPORTED: Unsupported Hive type",
        ),
    ],
)
def test_a_query_that_fails_says_why(athena: Any, sql: str, reason: str) -> None:
    status = ending(athena, sql)
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]


def test_results_of_a_failed_query_are_refused(athena: Any) -> None:
    from botocore.exceptions import ClientError

    query_id = start(athena, "select nope from nowhere")
    athena.get_query_execution(QueryExecutionId=query_id)
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        athena.get_query_results(QueryExecutionId=query_id)


def test_results_need_a_bucket_that_exists(athena: Any) -> None:
    from botocore.exceptions import ClientError

    nowhere = {"ResultConfiguration": {"OutputLocation": "s3://rigtest-no-such-bucket/"}}
    with pytest.raises(ClientError, match="Unable to verify/create output bucket"):
        start(athena, "select 1", **nowhere)
    with pytest.raises(ClientError, match="No output location provided"):
        athena.start_query_execution(QueryString="select 1")


def test_a_running_query_can_be_stopped(athena: Any) -> None:
    endless = "select count(*) from unnest(sequence(1, 10000)) as a(x)"
    endless += "".join(f" cross join unnest(sequence(1, 10000)) as b{i}(x{i})" for i in range(3))
    query_id = start(athena, endless)
    athena.stop_query_execution(QueryExecutionId=query_id)
    deadline = time.monotonic() + 30
    state = "RUNNING"
    while state in ("RUNNING", "QUEUED") and time.monotonic() < deadline:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]["State"]
    assert state == "CANCELLED"


@pytest.fixture
def limited(athena: Any) -> Iterator[str]:
    """A work group with the lowest limit there is and its own place for results."""
    athena.create_work_group(
        Name="rigtest-limited",
        Configuration={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/limited/"},
        },
    )
    yield "rigtest-limited"
    athena.delete_work_group(WorkGroup="rigtest-limited", RecursiveDeleteOption=True)


def test_a_work_group_stops_a_query_that_reads_too_much(athena: Any, limited: str) -> None:
    wide = (
        f"create table wide with (external_location = 's3://{BUCKET}/wide/') as"
        " select random() as r from unnest(sequence(1, 10000)) as a(x)"
        " cross join unnest(sequence(1, 140)) as b(y)"
    )
    assert ending(athena, wide)["State"] == "SUCCEEDED"
    stopped = ending(athena, "select sum(r) from wide", WorkGroup=limited)
    assert stopped["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in stopped["StateChangeReason"]
    athena.update_work_group(
        WorkGroup=limited, ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True}
    )
    assert ending(athena, "select sum(r) from wide", WorkGroup=limited)["State"] == "SUCCEEDED"


def test_a_work_group_that_enforces_its_place_wins_over_the_request(
    athena: Any, limited: str
) -> None:
    query_id = start(athena, "select 1", WorkGroup=limited)
    execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    where = execution["ResultConfiguration"]["OutputLocation"]
    assert where.startswith(f"s3://{BUCKET}/limited/")
    sql = f"create table z with (external_location = 's3://{BUCKET}/z/') as select 1 as x"
    assert "external_location" in ending(athena, sql, WorkGroup=limited)["StateChangeReason"]


def test_unknown_work_groups_and_queries_are_refused(athena: Any) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="WorkGroup nobody is not found"):
        start(athena, "select 1", WorkGroup="nobody")
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_execution(QueryExecutionId="00000000-0000-0000-0000-000000000000")
