"""Lake tables in Glue's words, and what is said of a registered table that differs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lake.glue_tables import (
    differences,
    glue_columns,
    glue_type,
    is_current,
    is_own,
    merged_columns,
    partition_input,
    shortened,
    table_input,
    types_only,
)
from ingest.tables import EXAMPLE_TOKENS, EXAMPLES, JOBS, TABLES, Column, Table

ROOT = "s3://bucket/team/lake"
SINGLE_LINE = re.compile(r"[\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF\t]*")


def registered(table: Table) -> dict[str, Any]:
    return table_input(table, ROOT, columns=glue_columns(table))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_keeps_glues_rules(table: Table) -> None:
    given_ = registered(table)
    assert is_own(table, ROOT, given_)
    assert given_["StorageDescriptor"]["Location"] == f"{ROOT}/{table.name}/"
    names = [column["Name"] for column in given_["StorageDescriptor"]["Columns"]]
    keys = [key["Name"] for key in given_["PartitionKeys"]]
    assert keys == (["job_id", "load_id"] if table.is_large else [])
    assert {"job_id", "load_id"} <= {*names, *keys}
    assert len(names) == len({name.lower() for name in names})
    for column in (*given_["StorageDescriptor"]["Columns"], *given_["PartitionKeys"]):
        assert re.fullmatch(r"[a-z0-9_]+", column["Name"])  # Glue makes names small by itself
        assert column["Comment"]
        assert len(column["Comment"].encode()) <= 255
        assert SINGLE_LINE.fullmatch(column["Comment"])
    assert 0 < len(given_["Description"].encode()) <= 2048


def test_nested_columns_stay_in_the_files() -> None:
    names = [column["Name"] for column in glue_columns(EXAMPLE_TOKENS)]
    assert "alternatives" not in names
    assert len(names) == len(EXAMPLE_TOKENS.columns) - 1


def test_types_are_hives_names() -> None:
    types = {column["Name"]: column["Type"] for column in glue_columns(JOBS)}
    assert types["job_id"] == "string"
    assert types["landed_at_utc"] == "timestamp"
    assert types["evaluation_seconds"] == "double"
    assert types["examples"] == "bigint"
    with pytest.raises(KeyError):
        glue_type(pa.float32())


def test_a_partition_is_one_load() -> None:
    table = registered(EXAMPLES)
    one = partition_input(EXAMPLES, ROOT, job_id="a", load_id="01", columns=types_only(table))
    assert one["Values"] == ["a", "01"]
    assert one["StorageDescriptor"]["Location"] == f"{ROOT}/examples/job_id=a/load_id=01/"
    assert set(one["StorageDescriptor"]["Columns"][0]) == {"Name", "Type"}


def test_no_difference_to_itself() -> None:
    for table in TABLES.values():
        assert differences(table, registered(table)) == ()
        assert is_current(registered(table), registered(table))


def test_differences_name_column_and_both_types() -> None:
    given_ = registered(EXAMPLES)
    columns = given_["StorageDescriptor"]["Columns"]
    columns[0]["Type"] = "int"
    removed = columns.pop(3)
    columns.append({"Name": "mystery", "Type": "double"})
    given_["PartitionKeys"].pop()
    found = differences(EXAMPLES, given_)
    assert [str(one) for one in found] == [
        "column example_id: declared string, registered int",
        f"column {removed['Name']}: declared int, registered not at all",
        "column mystery: declared not at all, registered double",
        "partition key load_id: declared string, registered not at all",
    ]
    assert [one.is_addition for one in found] == [False, True, False, False]


def test_new_columns_go_to_the_end_and_the_others_stay_where_they_are() -> None:
    given_ = registered(JOBS)
    new = Column("new", pa.int64(), "Something new.")
    grown = replace(JOBS, columns=(JOBS.columns[0], new, *JOBS.columns[1:]))
    names = [column["Name"] for column in merged_columns(grown, given_)]
    assert names == [*(column.name for column in JOBS.columns), "new"]


def test_a_changed_comment_is_noticed_and_glues_own_words_are_not() -> None:
    given_ = registered(JOBS)
    given_ |= {"CreateTime": "today", "DatabaseName": "x"}
    given_["StorageDescriptor"]["Location"] = given_["StorageDescriptor"]["Location"].rstrip("/")
    given_["Parameters"]["somebody"] = "else"
    assert is_current(registered(JOBS), given_)
    given_["StorageDescriptor"]["Columns"][2]["Comment"] = "Another."
    assert not is_current(registered(JOBS), given_)


@pytest.mark.parametrize("change", ["mark", "place", "no parameters", "no place"])
def test_tables_of_others_are_not_ours(change: str) -> None:
    given_ = registered(JOBS)
    if change == "mark":
        given_["Parameters"] = {"classification": "parquet"}
    elif change == "no parameters":
        del given_["Parameters"]
    elif change == "place":
        given_["StorageDescriptor"]["Location"] = "s3://bucket/team/lake2/jobs/"
    else:
        given_["StorageDescriptor"] = {}
    assert not is_own(JOBS, ROOT, given_)


@given(st.text(), st.integers(min_value=3, max_value=300))
def test_shortened_texts_fit_and_begin_alike(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short.encode()) <= limit
    assert short == text or text.startswith(short.removesuffix("…"))


def test_shortened_texts_end_with_a_sentence() -> None:
    text = "First one. Second one. " + "x" * 300
    assert shortened(text, 255) == "First one. Second one."
