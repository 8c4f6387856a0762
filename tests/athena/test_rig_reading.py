"""What the rig reads and writes by itself, without Trino: statements, DDL, values, result files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.athena.rig.api import results, translation
from tests.athena.rig.api.hive_tables import read_table
from tests.athena.rig.api.reader import Reader
from tests.athena.rig.api.refusals import InvalidRequestError, QueryFailedError
from tests.athena.rig.api.statements import Form, classify
from tests.athena.rig.api.values import renderer
from tests.athena.rig.trino_client import TrinoClient, TrinoFailedError


@pytest.mark.parametrize(
    ("sql", "form", "kind"),
    [
        ("select 1", Form.QUERY, "SELECT"),
        ("  /* a; b */ -- c\n ( select 1 ) ; ", Form.QUERY, "SELECT"),
        ("with t as (select 1) select * from t", Form.QUERY, "SELECT"),
        ("explain select 1", Form.QUERY, "EXPLAIN"),
        ("create table t as select 1", Form.CTAS, "CREATE_TABLE_AS_SELECT"),
        ("create table t with (a = 'as') as (select 1)", Form.CTAS, "CREATE_TABLE_AS_SELECT"),
        ("CREATE TABLE IF NOT EXISTS t AS WITH x AS (SELECT 1) SELECT 1", Form.CTAS, None),
        ("create table t (a int) tblproperties ('table_type' = 'as')", Form.HIVE, "CREATE_TABLE"),
        ("create external table `as` (a int) location 's3://b/'", Form.HIVE, "CREATE_TABLE"),
        ("create or replace view v as select 1", Form.DEFINITION, "CREATE_VIEW"),
        ("insert into t select 1", Form.INSERT, "INSERT"),
        ("unload (select ';' as x) to 's3://b/' with (format = 'PARQUET')", Form.UNLOAD, "UNLOAD"),
        ("merge into t using s on t.a = s.a when matched then delete", Form.ROW_CHANGE, "MERGE"),
        ("show create table t", Form.QUERY, "SHOW_CREATE"),
        ("msck repair table t", Form.HIVE, "MSCK_REPAIR_TABLE"),
    ],
)
def test_statements_are_told_apart(sql: str, form: Form, kind: str | None) -> None:
    statement = classify(sql)
    assert statement.form is form
    assert kind in (None, statement.substatement_type)


@pytest.mark.parametrize("sql", ["", " ; ", "select 1; select 2", "use db", "truncate table t"])
def test_what_athena_does_not_take_is_refused(sql: str) -> None:
    with pytest.raises(InvalidRequestError):
        classify(sql)


def test_ctas_keeps_the_query_and_moves_properties_to_their_places() -> None:
    write = translation.create_table_as(
        classify(
            'create table "awsdatacatalog"."db"."t" with (table_type=\'hive\', is_external=true,'
            " external_location='s3://b/p', partitioned_by=ARRAY['a', 'b'], format='parquet',"
            " write_compression='zstd') as select ')' as x -- as\n"
        ),
        database="other",
        default_location="s3://nowhere",
        location_is_fixed=False,
    )
    assert write.sql == (
        'CREATE TABLE "awsdatacatalog"."db"."t" WITH (external_location = \'s3://b/p/\','
        " format = 'PARQUET', partitioned_by = ARRAY['a', 'b']) AS select ')' as x"
    )
    assert write.session == {"awsdatacatalog.compression_codec": "ZSTD"}
    assert (write.database, write.table, write.location) == ("db", "t", "s3://b/p/")


def test_properties_the_rig_does_not_know_are_refused_by_name() -> None:
    for properties, said in (("no_such = 1", "no_such"), ("table_type = 'ICEBERG'", "Iceberg")):
        with pytest.raises(QueryFailedError, match=said):
            translation.create_table_as(
                classify(f"create table t with ({properties}) as select 1"),
                database="db",
                default_location="s3://b/x",
                location_is_fixed=False,
            )


def test_an_external_table_is_read_whole() -> None:
    reader = Reader(
        classify(
            "create external table `t` (`a` struct<x:int, y:array<map<string,decimal(10,2)>>>"
            " comment 'a, (b)', B varchar(3)) comment 'c' partitioned by (p string, q string)"
            " row format delimited fields terminated by '\\t' escaped by '\\\\' stored as textfile"
            " location 's3://b/t/' tblproperties ('k' = 'v', 'has_encrypted_data' = 'false')"
        )
    )
    reader.expect("CREATE", "EXTERNAL", "TABLE")
    table = read_table(reader, reader.name())
    storage = table["StorageDescriptor"]
    assert storage["Columns"] == [
        {
            "Name": "a",
            "Type": "struct<x:int,y:array<map<string,decimal(10,2)>>>",
            "Comment": "a, (b)",
        },
        {"Name": "b", "Type": "varchar(3)"},
    ]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["p", "q"]
    assert storage["SerdeInfo"]["Parameters"]["field.delim"] == "\t"
    assert storage["SerdeInfo"]["Parameters"]["escape.delim"] == "\\"
    assert table["Parameters"]["k"] == "v"
    assert table["Description"] == "c"


def test_bad_ddl_says_what_was_expected_and_where() -> None:
    reader = Reader(classify("create external table t (a int)\nlocated 's3://b/'"))
    reader.expect("CREATE", "EXTERNAL", "TABLE")
    with pytest.raises(QueryFailedError) as refused:
        read_table(reader, reader.name())
    assert "line 2" in refused.value.reason
    assert "found located" in refused.value.reason


cells = st.none() | st.text(st.characters(codec="utf-8"))


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n))))
def test_result_files_read_back_as_they_were(rows: list[list[str | None]]) -> None:
    header = ["h"] * len(rows[0]) if rows else ["h"]
    assert results.read_csv(results.csv_file(header, rows)) == [header, *rows]


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e7)
@example(-9_999_999.5)
@example(1e-3)
@example(9.99e-4)
def test_numbers_are_written_as_java_writes_them(number: float) -> None:
    text = renderer({"rawType": "double", "arguments": []})(number)
    assert float(text) == number
    mantissa, _, exponent = text.partition("E")
    whole, point, fraction = mantissa.lstrip("-").partition(".")
    assert point
    assert fraction
    if exponent:
        assert len(whole) == 1
        assert whole != "0"
        assert not 1e-3 <= abs(number) < 1e7
    else:
        assert number == 0 or 1e-3 <= abs(number) < 1e7


def test_nested_values_are_written_as_athena_writes_them() -> None:
    varchar = {"rawType": "varchar", "arguments": []}
    double = {"rawType": "double", "arguments": []}

    def of(kind: str, *inner: Any) -> dict[str, Any]:
        return {"rawType": kind, "arguments": [{"kind": "TYPE", "value": i} for i in inner]}

    row = {
        "rawType": "row",
        "arguments": [
            {"kind": "NAMED_TYPE", "value": {"fieldName": {"name": "a"}, "typeSignature": double}},
            {"kind": "NAMED_TYPE", "value": {"fieldName": {"name": "b"}, "typeSignature": varchar}},
        ],
    }
    assert (
        renderer(of("array", row))([[1, None], [1e10, "x"]]) == "[{a=1.0, b=null}, {a=1.0E10, b=x}]"
    )
    assert renderer(of("map", varchar, of("array", double)))({"k": [None]}) == "{k=[null]}"


def test_a_trino_that_is_gone_is_said_to_be_gone_with_its_log() -> None:
    client = TrinoClient("http://127.0.0.1:1", why_silent=lambda: "--- the end of its log")
    with pytest.raises(TrinoFailedError, match=r"(?s)does not answer.*the end of its log"):
        client.execute("select 1")
