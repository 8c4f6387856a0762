"""inference_output.jsonl: a line per answer, without metrics or log probabilities.

A line is `{"prompt": repr of messages, "inference": repr of texts, "gold": text}`, with
`metadata` where the data set has any. AWS's own tools rewrite it to `system`, `query`,
`gold_response` and `inference_response`; both are read. Decides which lines can be an
example; lines of nothing but white space are no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.errors import FormatError
from ingest.formats.columns import as_gold, null_if_empty, single_lists
from ingest.formats.content import Content
from ingest.parsing.leaves import (
    EMPTY_OBJECT,
    OK_JSON,
    SOURCE,
    Leaves,
    leaf_values,
    parse_leaves,
)
from ingest.parsing.texts import list_texts, prompt_texts
from ingest.sources import SourceLimits
from ingest.sources.reading import reading

_KEPT = ("prompt", "inference", "gold", "metadata")
_NEWLINE = 0x0A
_SPACE = np.frombuffer(b" \t\r\n\v\f", np.uint8)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NO_LEAF = 255


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines that hold anything."""

    text: pa.LargeBinaryArray
    """Each line's bytes, its line break included."""
    number: np.ndarray
    """int64: 0-based number of each line in the file, blank lines counted."""


def read_lines(
    path: Path, *, max_bytes: int, where: str = "", limits: SourceLimits | None = None
) -> Iterator[Lines]:
    """A file's lines in order, in chunks of about `max_bytes`; a longer line is one chunk.

    Args:
        path: a local file.
        max_bytes: taken at a time.
        where: how errors about its content call it.
        limits: how long a line may be.

    Raises:
        SourceError: the file cannot be read, or not any more.
        FormatError: a line is too long.
    """
    allowed = limits or SourceLimits()
    number = 0
    rest = b""
    with reading(path), path.open("rb") as file:
        if file.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            file.seek(0)
        while block := file.read(max_bytes):
            end = block.rfind(b"\n") + 1
            if end == 0:
                rest += block
                _check_length(len(rest), number, allowed, where)
                continue
            data, rest = rest + block[:end], block[end:]
            lines, count = _lines(data, number)
            if len(data) > allowed.max_row_bytes and len(lines.number):
                lengths = np.asarray(pc.binary_length(lines.text))
                longest = int(lengths.argmax())
                _check_length(int(lengths[longest]), int(lines.number[longest]), allowed, where)
            number += count
            if len(lines.number):
                yield lines
    _check_length(len(rest), number, allowed, where)
    lines, _ = _lines(rest, number)
    if len(lines.number):
        yield lines


def _check_length(length: int, line: int, limits: SourceLimits, where: str) -> None:
    if length > limits.max_row_bytes:
        said = f"line {line + 1} has more than {limits.max_row_bytes} bytes"
        raise limits.refusal(said, "max_row_bytes", where=where, of=FormatError)


def inference_content(lines: Lines) -> Content:
    """Who a line is; lines that cannot be an example are rejected with a reason."""
    leaves = parse_leaves(lines.text, keep_source=_KEPT)
    prompt = leaf_values(leaves, "prompt")
    messages = prompt_texts(parse_leaves(prompt))
    is_message_list = pc.or_(messages.query.is_valid(), messages.system.is_valid())
    predictions = _predictions(leaves)
    code, message = _rejections(lines, leaves, predictions)
    return Content(
        rows=len(lines.number),
        system_prompt=null_if_empty(pc.coalesce(messages.system, leaf_values(leaves, "system"))),
        query=pc.coalesce(
            messages.query,
            pc.if_else(is_message_list, None, prompt),
            leaf_values(leaves, "query"),
        ),
        gold_texts=_golds(leaves),
        predictions=predictions,
        metadata_text=null_if_empty(leaf_values(leaves, "metadata")),
        sample_id=leaf_values(leaves, "id"),
        reject_code=code,
        reject_message=message,
        reject_raw=pc.if_else(code.is_valid(), lines.text.cast(pa.binary()), None),
        has_unreadable_specifics=np.zeros(len(lines.number), np.bool_),
    )


def _lines(data: bytes, first: int) -> tuple[Lines, int]:
    """Lines of whole-line text, and how many there are, blank ones included."""
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == _NEWLINE) + 1
    if len(text) and (len(ends) == 0 or ends[-1] != len(text)):
        ends = np.append(ends, len(text))  # the last line may lack its line break
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    is_there = ~np.isin(text[offsets[:-1]], _SPACE)
    for line in np.flatnonzero(~is_there):  # rare: a line that is blank, or is indented
        is_there[line] = bool(data[offsets[line] : offsets[line + 1]].strip())
    number = first + np.flatnonzero(is_there)
    if not is_there.all():
        lines = lines.filter(pa.array(is_there))
    return Lines(lines, number), len(ends)


def _predictions(leaves: Leaves) -> pa.ListArray:
    """`inference` as the list of texts it is; `inference_response` is one text."""
    inference = list_texts(parse_leaves(leaf_values(leaves, "inference"))).texts
    response = single_lists(leaf_values(leaves, "inference_response"))
    is_given = pa.array(_kinds(leaves, "inference") != _NO_LEAF)
    return pc.if_else(is_given, inference, response)


def _golds(leaves: Leaves) -> pa.ListArray:
    """A text is one gold answer, also where it looks like a list; a native list is several."""
    gold = leaf_values(leaves, "gold")
    alone = single_lists(pc.coalesce(gold, leaf_values(leaves, "gold_response")))
    is_native = _kinds(leaves, "gold") == SOURCE
    if not is_native.any():
        return alone
    is_list = pa.array(is_native)
    return pc.if_else(is_list, as_gold(pc.if_else(is_list, gold, None), len(gold)), alone)


def _rejections(
    lines: Lines, leaves: Leaves, predictions: pa.ListArray
) -> tuple[pa.StringArray, pa.StringArray]:
    """Code and message per line; null where the line can be an example."""
    is_json = leaves.status == OK_JSON
    is_object = is_json & _is_object(leaves)
    is_answered = np.asarray(predictions.is_valid().to_numpy(zero_copy_only=False))
    code = np.zeros(len(lines.number), np.int64)
    code[is_object & ~is_answered] = 1
    code[is_json & ~is_object] = 2
    for row in np.flatnonzero(~is_json):
        code[row] = 3 if _is_utf8(lines.text[row].as_py()) else 4
    return _CODES.take(pa.array(code)), _MESSAGES.take(pa.array(code))


_CODES = pa.array([None, "invalid_predictions", "not_an_object", "invalid_json", "invalid_utf8"])
_MESSAGES = pa.array(
    [
        None,
        "the line has no inference that is a list of texts",
        "the line is JSON, but not an object",
        "the line is not JSON",
        "the line is not UTF-8",
    ]
)


def _is_object(leaves: Leaves) -> np.ndarray:
    """bool per row: whether its outermost value is an object."""
    paths = leaves.paths.to_pylist()
    is_root = np.array([path == "$" for path in paths], np.bool_)
    is_element = np.array([path[:1] == "[" and path[1:2] != '"' for path in paths], np.bool_)
    at, kind = leaves.path_index, leaves.kind
    is_within = ~is_element[at] & (~is_root[at] | (kind == EMPTY_OBJECT))
    counts = np.concatenate([[0], np.cumsum(is_within)])
    return np.asarray(np.diff(counts[leaves.row_offsets]) > 0)


def _kinds(leaves: Leaves, path: str) -> np.ndarray:
    """uint8 per row: the kind of the leaf at `path`, 255 where there is none."""
    kinds = np.full(len(leaves.status), _NO_LEAF, np.uint8)
    number = pc.index(leaves.paths, pa.scalar(path)).as_py()
    found = np.flatnonzero(leaves.path_index == number)
    kinds[np.searchsorted(leaves.row_offsets, found, side="right") - 1] = leaves.kind[found]
    return kinds


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
