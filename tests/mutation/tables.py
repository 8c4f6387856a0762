"""Damage to Parquet files that are whole: columns, types and values that nobody expects."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.mutation import words

_MANY_COLUMNS = 400
_Damage = Callable[[pa.Table, random.Random], pa.Table]


def table(data: bytes, chance: random.Random) -> bytes:
    """A Parquet file with some damage to its content, written whole; as it was if unreadable."""
    try:
        content = pq.read_table(BytesIO(data))
    except (pa.ArrowException, OSError):
        return data
    for _ in range(chance.choice([1, 1, 2, 4])):
        try:
            content = chance.choice(_DAMAGES)(content, chance)
        except (pa.ArrowException, UnicodeError):  # does not fit what earlier damage left
            continue
    out = BytesIO()
    pq.write_table(
        content,
        out,
        row_group_size=chance.choice([1, 2, 1000]),
        compression=chance.choice(["none", "snappy", "zstd", "gzip"]),
        use_dictionary=chance.choice([True, False]),
        data_page_version=chance.choice(["1.0", "2.0"]),
        store_schema=chance.choice([True, False]),
        write_statistics=chance.choice([True, False]),
    )
    return out.getvalue()


def _column(content: pa.Table, chance: random.Random) -> tuple[int, str, pa.ChunkedArray]:
    at = chance.randrange(content.num_columns)
    return at, content.column_names[at], content.column(at)


def _put(content: pa.Table, at: int, name: str, column: Any) -> pa.Table:
    return content.set_column(at, name, column)


def _dropped(content: pa.Table, chance: random.Random) -> pa.Table:
    if content.num_columns < 2:
        return content
    return content.remove_column(chance.randrange(content.num_columns))


def _renamed(content: pa.Table, chance: random.Random) -> pa.Table:
    at = chance.randrange(content.num_columns)
    names = [name for name in words.NAMES if name not in content.column_names]
    known = ["pred_logprobs", "pred_lobprobs", "pred_logits", "specifics", "doc", "metric"]
    new = chance.choice(names + [name for name in known if name not in content.column_names])
    return content.rename_columns(
        [new if place == at else name for place, name in enumerate(content.column_names)]
    )


def _swapped(content: pa.Table, chance: random.Random) -> pa.Table:
    names = list(content.column_names)
    chance.shuffle(names)
    return content.rename_columns(names)


def _both_spellings(content: pa.Table, chance: random.Random) -> pa.Table:
    for name, other in (("pred_logprobs", "pred_lobprobs"), ("pred_lobprobs", "pred_logits")):
        if name in content.column_names and other not in content.column_names:
            return content.append_column(other, content.column(name))
    return content


def _nulled(content: pa.Table, chance: random.Random) -> pa.Table:
    at, name, column = _column(content, chance)
    kept = pa.array([chance.random() < 0.5 for _ in range(len(column))], pa.bool_())
    type_ = chance.choice([column.type, column.type, pa.null()])
    if type_ == column.type:
        values = column.to_pylist()
        return _put(
            content,
            at,
            name,
            pa.array(
                [v if k else None for v, k in zip(values, kept.to_pylist(), strict=True)], type_
            ),
        )
    return _put(content, at, name, pa.nulls(len(column)))


def _retyped(content: pa.Table, chance: random.Random) -> pa.Table:
    at, name, column = _column(content, chance)
    texts = [None if v is None else str(v) for v in column.to_pylist()]
    rows = len(texts)
    made: list[Callable[[], Any]] = [
        lambda: pa.array(texts, pa.large_string()),
        lambda: pa.array(texts, pa.string()).dictionary_encode(),
        lambda: pa.array([None if t is None else t.encode() for t in texts], pa.binary()),
        lambda: pa.array([None if t is None else t.encode() for t in texts], pa.large_binary()),
        lambda: pa.array([b"\xff\xfe"] * rows, pa.binary()),
        lambda: pa.array(range(rows), pa.int64()),
        lambda: pa.array([float("nan"), float("inf"), -1e308][:rows] + [0.0] * (rows - 3)),
        lambda: pa.array([True] * rows),
        lambda: pa.array([[t] for t in texts], pa.list_(pa.string())),
        lambda: pa.array([[[t]] for t in texts], pa.list_(pa.list_(pa.string()))),
        lambda: pa.array([[t] for t in texts], pa.large_list(pa.string())),
        lambda: pa.array([[1, None]] * rows, pa.list_(pa.int64())),
        lambda: pa.array([[]] * rows, pa.list_(pa.null())),
        lambda: pa.array([{"role": t, "content": [t]} for t in texts]),
        lambda: pa.array([[{"role": "user", "content": t}] for t in texts]),
        lambda: pa.array([{"": t} for t in texts]),
        lambda: pa.array([[(t, 1.0)] for t in texts], pa.map_(pa.string(), pa.float64())),
        lambda: pa.array([0] * rows, pa.timestamp("us", "UTC")),
        lambda: pa.array([1] * rows, pa.decimal128(38, 10)),
    ]
    return _put(content, at, name, chance.choice(made)())


def _worded(content: pa.Table, chance: random.Random) -> pa.Table:
    """Texts edited, or values that nobody expects in their place."""
    places = [
        at
        for at, field in enumerate(content.schema)
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    if not places:
        return content
    at = chance.choice(places)
    texts: list[bytes | None] = []
    for text in content.column(at).to_pylist():
        kind = chance.random()
        if text is None or kind < 0.4:
            texts.append(text and text.encode())
        elif kind < 0.75:
            texts.append(words.edited(text, chance).encode("utf-8", "surrogatepass"))
        elif kind < 0.8:
            texts.append(
                chance.choice([b"\xff", b"\xed\xa0\x80", b"a\0b", b"\xf8\x88\x80\x80\x80"])
            )
        else:
            texts.append(words.value(chance).encode("utf-8", "surrogatepass"))
    bytes_ = pa.array(texts, pa.binary())
    made = pa.StringArray.from_buffers(
        len(bytes_), bytes_.buffers()[1], bytes_.buffers()[2], bytes_.buffers()[0]
    )
    return _put(content, at, content.column_names[at], made)


def _rows(content: pa.Table, chance: random.Random) -> pa.Table:
    rows = content.num_rows
    if rows == 0:
        return content
    return content.take(
        chance.choice(
            [
                [],
                [0] * 3,
                chance.sample(range(rows), rows),
                [row for row in range(rows) for _ in range(chance.choice([0, 1, 1, 2]))],
                [chance.randrange(rows) for _ in range(40)],
            ]
        )
    )


def _widened(content: pa.Table, chance: random.Random) -> pa.Table:
    if content.num_columns > _MANY_COLUMNS:
        return content
    name = chance.choice(words.NAMES)
    for number in range(chance.choice([1, 1, 1, _MANY_COLUMNS])):
        content = content.append_column(f"{name}{number}", pa.array(["x"] * content.num_rows))
    return content


def _twice(content: pa.Table, chance: random.Random) -> pa.Table:
    """A column's name a second time."""
    _, name, column = _column(content, chance)
    return content.append_column(name, column)


_DAMAGES: tuple[_Damage, ...] = (
    _dropped,
    _renamed,
    _swapped,
    _both_spellings,
    _nulled,
    _retyped,
    _retyped,
    _worded,
    _worded,
    _worded,
    _worded,
    _rows,
    _rows,
    _widened,
    _twice,
)
