"""Columns whose type varies: texts, lists of texts, gold answers, messages."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from ingest.formats.columns import (
    as_gold,
    as_text,
    as_text_lists,
    bytes_as_text,
    column_of,
    messages_of,
    single_lists,
)
from ingest.formats.golds import chosen_golds
from ingest.formats.specifics import read_specifics


def every(rows: int) -> pa.BooleanArray:
    return pa.array([True] * rows)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["['a', 'b']", "[]", None]),
        pa.array(["['a', 'b']", "[]", None], pa.large_string()),
        pa.array(["['a', 'b']", "[]", None], pa.string_view()),
        pa.array(["['a', 'b']", "[]", None]).dictionary_encode(),
        pa.array([["a", "b"], [], None]),
        pa.array([["a", "b"], [], None], pa.large_list(pa.large_string())),
    ],
)
def test_lists_of_texts_in_any_type(column: pa.Array) -> None:
    assert as_text_lists(column, 3).to_pylist() == [["a", "b"], [], None]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[], []], pa.list_(pa.null())),
        pa.array([[], []], pa.list_(pa.string())),
        pa.array(["[]", "[]"]),
    ],
)
def test_columns_that_happen_to_be_empty(column: pa.Array) -> None:
    assert as_text_lists(column, 2).to_pylist() == [[], []]


def test_a_column_that_is_not_there_is_null() -> None:
    assert as_text_lists(None, 2).to_pylist() == [None, None]
    assert as_text_lists(pa.nulls(2), 2).to_pylist() == [None, None]
    assert as_text(None, 2).to_pylist() == [None, None]


def test_what_is_no_list_of_texts_is_null() -> None:
    assert as_text_lists(pa.array([1, 2]), 2).to_pylist() == [None, None]
    assert as_text_lists(pa.array(["{'a': 1}", "[1]"]), 2).to_pylist() == [None, None]


@pytest.mark.parametrize(
    "type_",
    [
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.dictionary(pa.int32(), pa.binary()),
        pa.list_(pa.binary()),
        pa.large_list(pa.large_binary()),
        pa.list_(pa.struct([("content", pa.binary()), ("n", pa.int64())])),
    ],
)
def test_bytes_become_text_wherever_they_are(type_: pa.DataType) -> None:
    values: list[Any] = ["é".encode(), None, b"", b"a"]
    if pa.types.is_nested(type_):
        is_struct = pa.types.is_struct(type_.value_type)
        values = [[{"content": v, "n": 1} if is_struct else v] for v in values] + [None]
    found = bytes_as_text(pa.array(values, type_))
    assert "binary" not in str(found.type)
    assert str(found.to_pylist()) == str(values).replace("b'\\xc3\\xa9'", "'é'").replace("b'", "'")


def test_columns_without_bytes_are_left_as_they_are() -> None:
    for column in (pa.array(["a"]), pa.array([[1.5]]), pa.array([{"a": ["b"]}])):
        assert bytes_as_text(column) is column


def test_bytes_that_are_no_text_are_for_the_check_to_find() -> None:
    found = bytes_as_text(pa.array([b"\xff"]))
    with pytest.raises(pa.ArrowInvalid, match="UTF8"):
        found.validate(full=True)


def test_gold_answers_as_lists_their_repr_or_plain_text() -> None:
    text = '{"class": "A"}'
    assert as_gold(pa.array([[text], ["a", "b"], None]), 3).to_pylist() == [
        [text],
        ["a", "b"],
        None,
    ]
    column = pa.array(
        [text, "['a', \"b\"]", "[1, 2]", "[unfinished", "plain", "'quoted'", "", None]
    )
    assert as_gold(column, 8).to_pylist() == [
        [text],
        ["a", "b"],
        ["[1, 2]"],
        ["[unfinished"],
        ["plain"],
        ["'quoted'"],
        [""],
        None,
    ]


def test_texts_from_numbers_and_nested_values() -> None:
    assert as_text(pa.array([1, None]), 2).to_pylist() == ["1", None]
    nested = pa.array([{"a": "x", "b": [1, 2]}, None])
    assert as_text(nested, 2).to_pylist() == ['{"a":"x","b":[1,2]}', None]


def test_single_lists_keep_nulls_and_slices() -> None:
    column = pa.array(["x", "a", None, ""]).slice(1)
    assert single_lists(column).to_pylist() == [["a"], None, [""]]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pa.array([1, 0, None]), [["b"], ["c"], None]),
        (pa.array([[0, 1], [0], []]), [["a", "b"], ["c"], None]),
        (pa.array([9, -1, 0]), [[], [], []]),
        (pa.nulls(3), [None, None, None]),
    ],
)
def test_gold_by_index(index: pa.Array, expected: list[Any]) -> None:
    choices = pa.array([["a", "b"], ["c"], []], pa.list_(pa.string()))
    assert chosen_golds(choices, index, 3).to_pylist() == expected


MESSAGES = [
    [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}],
    [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "last"},
    ],
    [{"role": "system", "content": "one"}, {"role": "system", "content": "two"}],
    [],
]


@pytest.mark.parametrize(
    "column", [pa.array(MESSAGES), pa.array([repr(messages) for messages in MESSAGES])]
)
def test_messages_natively_and_as_text_say_the_same(column: pa.Array) -> None:
    found = messages_of(column, 4, wanted=every(4))
    assert found.system.to_pylist() == ["s", None, "one\ntwo", None]
    assert found.query.to_pylist() == ["q", "last", None, None]


def test_contents_in_parts() -> None:
    parts = [[{"role": "user", "content": [{"text": "a"}, {"text": None}, {"text": "b"}]}]]
    found = messages_of(pa.array(parts), 1, wanted=every(1))
    assert found.query.to_pylist() == ["a\nb"]


def test_plain_prompts_and_rows_nobody_asks_about_are_left_alone() -> None:
    column = pa.array(["just text", "[not a list", repr(MESSAGES[0])])
    found = messages_of(column, 3, wanted=pa.array([True, True, False]))
    assert found.system.to_pylist() == [None, None, None]
    assert messages_of(None, 2, wanted=every(2)).query.to_pylist() == [None, None]
    assert messages_of(pa.array([1]), 1, wanted=every(1)).query.to_pylist() == [None]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("plain text", "plain text"),
        ({"a": {"b": ["x", "y"]}}, {"a": {"b": ["x", "y"]}}),
        (None, None),
    ],
)
def test_metadata_in_every_form(metadata: Any, expected: Any) -> None:
    row = {"system_prompt": "s", "metadata": metadata, "sample_id": "math_1"}
    for column in (pa.array([repr(row)]), pa.array([row])):
        found = read_specifics(column, 1)
        [text] = found.metadata.to_pylist()
        assert (eval(text) if isinstance(expected, dict) else text) == expected
        assert found.system_prompt.to_pylist() == ["s"]
        assert found.sample_id.to_pylist() == ["math_1"]


def test_specifics_without_anything_of_interest() -> None:
    for column in (
        pa.array([repr({"choices": ["a", "b"]})]),
        pa.array([{"choices": ["a", "b"]}]),
        pa.nulls(1),
        pa.array(["{broken"]),
        None,
    ):
        found = read_specifics(column, 1)
        assert (found.system_prompt[0].as_py(), found.metadata[0].as_py()) == (None, None)


def test_fields_of_structs_that_are_null() -> None:
    batch = pa.record_batch({"doc": pa.array([{"query": "q"}, None]), "n": pa.array([1, 2])})
    found = column_of(batch, "doc", "query")
    assert found is not None
    assert found.to_pylist() == ["q", None]
    assert column_of(batch, "doc", "other") is None
    assert column_of(batch, "n", "query") is None
    assert column_of(batch, "none") is None
