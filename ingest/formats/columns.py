"""Columns whose Arrow type varies from file to file, as the types we need.

The same column comes as text, as a native list, or as `list<null>` where it happened to be
empty throughout, so every reader branches on the type, never on the name or the version.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.parsing.leaves import parse_leaves
from ingest.parsing.texts import PromptTexts, list_texts, prompt_texts

STRINGS = pa.list_(pa.string())


def is_text(type_: pa.DataType) -> bool:
    """Whether a column of this type holds text (or nothing but nulls)."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
        or pa.types.is_null(type_)
    )


def bytes_as_text(column: pa.Array) -> pa.Array:
    """The column with text in place of bytes, within lists and structs too; not checked.

    Some writers leave out that a text is one. Whoever asks checks that it is UTF-8. A dictionary
    gives each row its value, so that a column's size is what it takes. A column that says of no
    row what it is becomes a text that every row lacks.
    """
    wanted = _text_type(column.type)
    return column if wanted == column.type else column.cast(wanted, safe=False)


def _text_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_binary(type_) or pa.types.is_binary_view(type_) or pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_large_binary(type_):
        return pa.large_string()
    if pa.types.is_dictionary(type_):
        return _text_type(type_.value_type)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        wanted = type_.value_field.with_type(_text_type(type_.value_type))
        return pa.list_(wanted) if pa.types.is_list(type_) else pa.large_list(wanted)
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_text_type(field.type)) for field in type_])
    return type_


def is_list(type_: pa.DataType) -> bool:
    """Whether a column of this type holds one list per row."""
    return bool(
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
    )


def nulls(rows: int, type_: pa.DataType | None = None) -> pa.Array:
    """A column of nothing but nulls; of text unless told otherwise."""
    return pa.nulls(rows, pa.string() if type_ is None else type_)


def column_of(batch: pa.RecordBatch, *path: str) -> pa.Array | None:
    """A column, or a field of a struct column; None where the file has none.

    A field of a null struct is null.
    """
    index = batch.schema.get_field_index(path[0])
    if index < 0:
        return None
    return field_of(batch.column(index), *path[1:])


def field_of(column: pa.Array | None, *path: str) -> pa.Array | None:
    """A field of a struct column; None where the type has none."""
    for name in path:
        if (
            column is None
            or not pa.types.is_struct(column.type)
            or column.type.get_field_index(name) < 0
        ):
            return None
        column = pc.struct_field(column, name)
    return column


def as_text(column: pa.Array | None, rows: int) -> pa.StringArray:
    """Text as it stands, numbers and booleans as text, structs and lists as JSON."""
    if column is None:
        return nulls(rows)
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_nested(column.type):
        return _as_json(column)
    return column.cast(pa.string())


def as_text_lists(column: pa.Array | None, rows: int) -> pa.ListArray:
    """One list of texts per row, from lists or from their `repr`.

    Null where the row is null, or is neither: the caller tells the two apart by the input.
    """
    if column is None:
        return nulls(rows, STRINGS)
    if is_text(column.type):
        return list_texts(parse_leaves(column)).texts
    if is_list(column.type) and not pa.types.is_nested(column.type.value_type):
        return column.cast(STRINGS)
    return nulls(rows, STRINGS)


def as_gold(column: pa.Array | None, rows: int) -> pa.ListArray:
    """Gold answers, one list per row; a text that is no list of texts is one answer.

    A gold answer may itself be JSON, so only a text that starts like a list is looked into.
    """
    if column is None or not is_text(column.type):
        return as_text_lists(column, rows)
    texts = as_text(column, rows)
    looks_like_list = pc.fill_null(pc.starts_with(texts, "["), fill_value=False)
    alone = single_lists(texts)
    if not pc.any(looks_like_list, min_count=0).as_py():
        return alone
    lists = as_text_lists(pc.if_else(looks_like_list, texts, None), rows)
    return pc.if_else(pc.is_valid(lists), lists, alone)


def single_lists(texts: pa.StringArray) -> pa.ListArray:
    """Each text as a list of one; null stays null."""
    is_valid = texts.is_valid()
    counts = is_valid.to_numpy(zero_copy_only=False).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int32)])
    mask = pa.array(counts == 0)
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), texts.drop_null(), mask=mask if texts.null_count else None
    )


def messages_of(column: pa.Array | None, rows: int, *, wanted: pa.BooleanArray) -> PromptTexts:
    """System text and query of a prompt, in the rows where they are wanted.

    Args:
        column: message lists, natively or as their `repr`; a plain text has neither.
    """
    none = PromptTexts(nulls(rows), nulls(rows))
    if column is None:
        return none
    if is_text(column.type):
        texts = as_text(column, rows)
        wanted = pc.and_(wanted, pc.fill_null(pc.starts_with(texts, "["), fill_value=False))
        if not pc.any(wanted, min_count=0).as_py():
            return none
        return prompt_texts(parse_leaves(pc.if_else(wanted, texts, None)))
    if not pc.any(wanted, min_count=0).as_py():
        return none
    return _native_messages(column, rows)


def null_if_empty(texts: pa.StringArray) -> pa.StringArray:
    """The same texts, an empty one as null: there, both mean that there is none."""
    return pc.if_else(pc.equal(texts, ""), None, texts)


def first_of(columns: Sequence[pa.Array | None], rows: int) -> pa.StringArray:
    """Per row, the first text that is there."""
    texts = [as_text(column, rows) for column in columns if column is not None]
    return pc.coalesce(*texts) if texts else nulls(rows)


def _as_json(column: pa.Array) -> pa.StringArray:
    """Nested values as JSON text."""
    table = pa.table({"value": column})
    with duckdb.connect(":memory:") as connection:
        connection.register("nested", table)
        found = connection.execute(
            "select case when value is not null then cast(to_json(value) as varchar) end from nested"
        ).to_arrow_table()
    return found.column(0).combine_chunks().cast(pa.string())


def _native_messages(column: pa.Array, rows: int) -> PromptTexts:
    """As `prompt_texts`, of native `list<struct<role, content>>`."""
    none = PromptTexts(nulls(rows), nulls(rows))
    if not is_list(column.type):
        return none
    messages = pc.list_flatten(column)
    role, content = field_of(messages, "role"), field_of(messages, "content")
    if role is None or content is None:
        return none
    parent = np.asarray(pc.list_parent_indices(column).to_numpy(zero_copy_only=False))
    texts = _content_texts(content)
    is_text_there = texts.is_valid().to_numpy(zero_copy_only=False)
    roles = as_text(role, len(messages))
    of_system = np.flatnonzero(_equals(roles, "system") & is_text_there)
    of_user = np.flatnonzero(_equals(roles, "user") & is_text_there)
    last_user = np.full(rows, -1, np.int64)
    last_user[parent[of_user]] = of_user  # the last assignment wins
    query = texts.take(pa.array(last_user, mask=last_user < 0))
    return PromptTexts(_joined(texts.take(pa.array(of_system)), parent[of_system], rows), query)


def _content_texts(content: pa.Array) -> pa.StringArray:
    """A message's text: as it stands, or its text parts joined by a line break."""
    if not is_list(content.type):
        return as_text(content, len(content))
    parts = pc.list_flatten(content)
    text = field_of(parts, "text") if pa.types.is_struct(parts.type) else parts
    texts = as_text(text, len(parts))
    found = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
    parent = np.asarray(pc.list_parent_indices(content).to_numpy(zero_copy_only=False))
    return _joined(texts.take(pa.array(found)), parent[found], len(content))


def _joined(texts: pa.StringArray, row: np.ndarray, rows: int) -> pa.StringArray:
    """Texts of the same row joined by line breaks; null for a row without any."""
    counts = np.bincount(row, minlength=rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, texts, mask=pa.array(counts == 0))
    return pc.binary_join(lists, "\n")


def _equals(texts: pa.StringArray, wanted: str) -> np.ndarray:
    is_equal = pc.fill_null(pc.equal(texts, wanted), fill_value=False)
    return np.asarray(is_equal.to_numpy(zero_copy_only=False))
