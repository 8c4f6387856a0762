"""Asking Athena: what is asked, how answers are read, and how refusals sound. No Athena is needed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import awswrangler as wr
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from evallake.config import AthenaPlace, Config, configure
from evallake.engines.athena import Athena
from evallake.engines.athena_refusals import refused_query
from evallake.engines.athena_results import lines_as_table, rows_of_csv
from evallake.engines.statement import asks, is_query, states_an_order
from evallake.errors import NotBuiltError, QuestionError
from evallake.query import ask
from ingest.errors import IngestError, InputError, StoreError

PLACE = AthenaPlace("evallake", "analysts", "s3://bucket/results/")


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "-- why\nselect 1;",
        "/* a; b */ with t as (select ';' as x) select * from t",
        "(select 1) union (select 2)",
        "SHOW TABLES",
        "describe mart_job_summary",
        "explain select 1",
        "values (1), (2)",
        'select ";" from t',
    ],
)
def test_statements_that_ask(sql: str) -> None:
    assert asks(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "drop table t",
        "select 1; select 2",
        "insert into t select 1",
        "create table t as select 1",
        "unload (select 1) to 's3://b/x' with (format = 'PARQUET')",
        "-- select\ndelete from t",
        "/* select 1 */ drop table t",
        "msck repair table t",
        "explain analyze select 1",
        "'select'",
    ],
)
def test_statements_that_do_not(sql: str) -> None:
    assert not asks(sql)


def test_an_order_is_one_that_the_whole_text_states() -> None:
    assert states_an_order("select a from t order by a")
    assert states_an_order("with t as (select 1 as a) select a from t\norder  by a limit 3;")
    assert not states_an_order("select row_number() over (order by a) from t")
    assert not states_an_order("select 'order by a' from (select a from t order by a)")
    assert is_query("with t as (select 1) select * from t")
    assert not is_query("show tables")


def column(name: str, kind: str, precision: int = 0, scale: int = 0) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Precision": precision, "Scale": scale}


def test_rows_have_the_querys_types_and_empty_is_not_missing() -> None:
    columns = [
        *(column("t", "varchar"), column("t", "varchar"), column("n", "bigint")),
        *(column("x", "double"), column("b", "boolean"), column("d", "date")),
        *(column("at", "timestamp"), column("m", "decimal", 4, 2), column("a", "array")),
    ]
    data = (
        '"t","t","n","x","b","d","at","m","a"\n'
        '"","a ""b""\nc","7","1.0E-5","true","2026-03-01","2026-03-01 10:00:00.250","1.50","[1, 2]"\n'
        ",,,,,,,,\n"
        '"-","ü","-1","NaN","false","1969-12-31","1969-12-31 00:00:00.000","0.01","[]"\n'
    )
    table = rows_of_csv(data.encode(), columns)
    assert table.column_names == ["t", "t", "n", "x", "b", "d", "at", "m", "a"]
    assert table.column(0).to_pylist() == ["", None, "-"]
    assert table.column(1).to_pylist() == ['a "b"\nc', None, "ü"]
    assert table.column(2).to_pylist() == [7, None, -1]
    assert str(table.column(3).to_pylist()) == "[1e-05, None, nan]"
    assert table.column(4).to_pylist() == [True, None, False]
    assert table.column(5).to_pylist() == [date(2026, 3, 1), None, date(1969, 12, 31)]
    assert table.column(6).to_pylist()[0] == datetime(2026, 3, 1, 10, 0, 0, 250_000)  # noqa: DTZ001
    assert table.column(7).to_pylist() == [Decimal("1.50"), None, Decimal("0.01")]
    assert table.column(8).to_pylist() == ["[1, 2]", None, "[]"]


def test_an_answer_without_rows_keeps_its_types() -> None:
    table = rows_of_csv(b'"n","x"\n', [column("n", "bigint"), column("x", "double")])
    assert table.num_rows == 0
    assert table.schema.types == [pa.int64(), pa.float64()]


def test_lines_are_split_at_tabs() -> None:
    columns = [column("col_name", "string"), column("data_type", "string")]
    table = lines_as_table(["a   \tbigint", "b"], columns)
    assert table.to_pylist() == [
        {"col_name": "a", "data_type": "bigint"},
        {"col_name": "b", "data_type": None},
    ]


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        (
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.evallake.mart_judge' does not exist",
            NotBuiltError,
            "run: evallake build --target athena",
        ),
        (
            "SCHEMA_NOT_FOUND: line 9:10: Schema 'evallake' does not exist",
            NotBuiltError,
            "EVALLAKE_ATHENA_SCHEMA",
        ),
        (
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.evallake.marts' does not exist",
            QuestionError,
            "'show tables' lists them",
        ),
        (
            "COLUMN_NOT_FOUND: line 1:8: Column 'acuracy' cannot be resolved",
            QuestionError,
            "COLUMN_NOT_FOUND: line 1:8: Column 'acuracy' cannot be resolved (query q-1)",
        ),
        (
            "Query cancelled! : Bytes scanned limit was exceeded",
            StoreError,
            "more than workgroup analysts allows",
        ),
        (
            "PERMISSION_DENIED: Access Denied: s3://bucket/lake (Service: Amazon S3)",
            StoreError,
            "access is denied",
        ),
        (
            "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://b/x: NoSuchKey",
            StoreError,
            "ask again",
        ),
        ("Query exhausted resources at this scale factor", StoreError, "could not finish"),
    ],
)
def test_a_failed_query_is_one_line_that_says_what_to_do(
    message: str, error: type[IngestError], says: str
) -> None:
    refused = refused_query(message, "q-1", PLACE, where="sql/leaderboard.sql")
    assert type(refused) is error
    assert says in str(refused)
    assert "q-1" in str(refused)
    assert "\n" not in str(refused)


def test_what_athena_fails_with_reaches_whoever_asked(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(query_id: str, **_: object) -> dict[str, Any]:
        raise wr.exceptions.QueryFailed("SYNTAX_ERROR: line 1:8:\n mismatched input")

    monkeypatch.setattr(wr.athena, "wait_query", fails)
    with pytest.raises(QuestionError, match=r"--sql: SYNTAX_ERROR: line 1:8: mismatched input"):
        Athena(AthenaPlace("evallake", "primary", "s3://bucket/results/")).ask("select 1")


def refuse(monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    """Have Athena refuse to start any query."""

    def refuses(*_: object, **__: object) -> str:
        answer: Any = {"Error": {"Code": code, "Message": message}}
        raise ClientError(answer, "StartQueryExecution")

    monkeypatch.setattr(wr.athena, "start_query_execution", refuses)


@pytest.mark.parametrize(
    ("code", "message", "error", "says"),
    [
        (
            "InvalidRequestException",
            "WorkGroup analysts is not found.",
            StoreError,
            "workgroup analysts cannot be used .*EVALLAKE_ATHENA_WORKGROUP",
        ),
        (
            "InvalidRequestException",
            "line 1:8: mismatched input 'form'",
            QuestionError,
            "mismatched input 'form'.*correct the statement",
        ),
        ("AccessDeniedException", "not authorized to perform", StoreError, "access is denied"),
        ("TooManyRequestsException", "You have exceeded", StoreError, "in a while"),
        ("ExpiredTokenException", "The token has expired", StoreError, "sign in again"),
    ],
)
def test_what_athena_refuses_to_start(
    aws: str,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    message: str,
    error: type[IngestError],
    says: str,
) -> None:
    refuse(monkeypatch, code, message)
    with pytest.raises(error, match=says):
        Athena(PLACE).ask("select 1")


def test_without_credentials_it_says_how_to_get_some(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match=r"there are no AWS credentials .*; sign in"):
        Athena(PLACE).ask("select 1")


def test_nothing_but_questions_reaches_athena() -> None:
    with pytest.raises(QuestionError, match="not one statement that asks"):
        Athena(PLACE).ask("drop table mart_job_summary")
    with pytest.raises(QuestionError, match="no SQL"):
        Athena(PLACE).ask(" ; ")


def configured(**variables: str) -> Config:
    return configure(environ={"EVALLAKE_ROOT": "s3://bucket/lake", **variables})


def test_athena_is_chosen_by_variable_and_works_inside_the_lake() -> None:
    config = configured(EVALLAKE_TARGET="athena")
    assert config.athena == AthenaPlace("evallake", "primary", "s3://bucket/lake/_athena/results/")
    assert configured().athena is None
    other = configured(
        EVALLAKE_TARGET="athena",
        EVALLAKE_ATHENA_SCHEMA="marts",
        EVALLAKE_ATHENA_WORKGROUP="analysts",
        EVALLAKE_ATHENA_STAGING="s3://results/here",
    )
    assert other.athena == AthenaPlace("marts", "analysts", "s3://results/here/")
    assert other.environment["EVALLAKE_ATHENA_SCHEMA"] == "marts"


@pytest.mark.parametrize(
    ("root", "target", "says"),
    [
        ("lake", "athena", "this one is a folder"),
        ("s3://bucket/lake", "presto", "there is no target 'presto'"),
    ],
)
def test_a_target_that_cannot_be_is_refused(root: str, target: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        configure(root, environ={}, target=target)


def test_a_question_goes_to_the_configured_engine(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "ThrottlingException", "Rate exceeded")
    with pytest.raises(StoreError, match="Rate exceeded"):
        ask(configured(EVALLAKE_TARGET="athena"), "select 1")
