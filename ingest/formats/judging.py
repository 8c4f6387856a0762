"""Details files of judge tasks: one row per judged prompt, in one or two passes.

A row's metrics hold the votes, the judge's words for the order A, B (`forward_output`) and for B, A
(`backward_output`), and with a rubric the scores by criterion. What is missing there is looked for
in the documents that the judge wrote, then in `predictions`. Decides what each pass said and which
rows are no judgment; knows nothing of other files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.formats.columns import (
    as_text,
    as_text_lists,
    column_of,
    field_of,
    is_text,
    null_if_empty,
    nulls,
)
from ingest.formats.content import Content
from ingest.formats.details import Details
from ingest.formats.documents import read_documents
from ingest.formats.judge_fields import JudgeFields, read_fields
from ingest.formats.orientation import Orientation
from ingest.formats.streaming import Chunk
from ingest.formats.tasks import parse_task_key
from ingest.formats.verdicts import NOTHING, TIE, UNKNOWN, VERDICTS, A, B, read_verdicts
from ingest.parsing.leaves import leaf_values, parse_leaves

_JUDGE = re.compile(r"(?:\w+_)?llm_judge")
_MARKS = ("a_scores", "forward_output", "weighted_score_A")
"""Metrics that only judges have."""

_RESPONSES = {
    "prompt": ("prompt", "question", "query", "instruction"),
    "response_a": ("response_A", "response_a", "responseA", "response_1"),
    "response_b": ("response_B", "response_b", "responseB", "response_2"),
}
VOTES = ("a_votes", "b_votes", "tie_votes", "error_votes")
SCORES = ("score_a", "score_b", "margin_a_minus_b")
OK, ABSENT, ERROR, UNKNOWN_WORDS, ORIENTATION_UNKNOWN = range(5)
_STATUSES = pa.array(["ok", "absent", "error", "unknown_words", "orientation_unknown"])
_VERDICTS = pa.array(VERDICTS)


@dataclass(frozen=True, slots=True)
class Judged:
    """Consecutive judged rows, before the orientation of the backward pass is known."""

    content: Content
    """`query` is the prompt, `gold_texts` both responses, `predictions` the judge's words."""
    response_a: pa.StringArray
    response_b: pa.StringArray
    forward_output: pa.StringArray
    backward_output: pa.StringArray
    forward: np.ndarray
    """Code of `verdicts` per row, as the words have it."""
    backward: np.ndarray
    numbers: dict[str, pa.DoubleArray]
    """VOTES and SCORES as reported; null where not."""
    justification: pa.StringArray
    criteria: pa.ListArray

    def votes(self) -> np.ndarray:
        """float64, rows × 4: reported votes for A, B, a tie and errors; nan where not."""
        return np.stack([_floats(self.numbers[name]) for name in VOTES], axis=1)

    def columns(self, orientation: Orientation) -> dict[str, pa.Array]:
        """Columns of RAW_JUDGMENT that the judge's words and votes decide."""
        votes = self.votes()
        forward, backward = self.forward, orientation.turned(self.backward)
        errors = np.nan_to_num(votes[:, 3])
        forward_status = _status(forward, self.forward_output, errors >= 1)
        spent = (forward_status == ERROR).astype(float)
        backward_status = _status(backward, self.backward_output, errors - spent >= 1)
        if not orientation.is_known:
            # a tie is a tie either way
            backward_status[(backward == A) | (backward == B)] = ORIENTATION_UNKNOWN
        derived = _derived(forward, backward, forward_status, backward_status)
        is_silent = np.isnan(votes[:, :2]).all(axis=1)
        filled = np.where(is_silent[:, None] | np.isnan(votes), derived, votes)
        found = {
            name: pa.array(filled[:, at], mask=np.isnan(filled[:, at]))
            for at, name in enumerate(VOTES)
        }
        found |= {name: self.numbers[name] for name in SCORES}
        for side, code, status in (
            ("forward", forward, forward_status),
            ("backward", backward, backward_status),
        ):
            found[f"{side}_verdict"] = _VERDICTS.take(pa.array(code, mask=status != OK))
            found[f"{side}_status"] = _STATUSES.take(pa.array(status))
        return found | {
            "forward_output": self.forward_output,
            "backward_output": self.backward_output,
            "justification": self.justification,
            "criteria": self.criteria,
        }


def is_judge_task(task_key: str) -> bool:
    """Whether a task's name says that a judge compares two responses."""
    return _JUDGE.fullmatch(parse_task_key(task_key).name or "") is not None


def is_judged(details: Details) -> bool:
    """Whether a details file holds judged prompts: its task says so, or else its first row does."""
    task = parse_task_key(details.task_key)
    if task.strategy not in (None, "judge"):
        return False
    if is_judge_task(details.task_key):
        return True
    first = next(details.chunks(max_bytes=1), None)
    column = None if first is None else _metrics(first)
    if column is None or not len(column):
        return False
    if pa.types.is_struct(column.type):
        names = {field.name for field in column.type}
        return any(mark in names for mark in _MARKS)
    text = column[0].as_py() if is_text(column.type) else None
    return text is not None and any(f"{mark}'" in text or f'{mark}"' in text for mark in _MARKS)


def read_judged(details: Details, chunk: Chunk) -> Judged:
    """What the rows say; rows without any judgment are rejected with a reason."""
    rows = chunk.batch.num_rows
    content = details.content(chunk)
    metrics = as_text(_metrics(chunk), rows)
    fields = read_fields(parse_leaves(metrics))
    outputs = _outputs(fields, content.predictions, rows)
    documents = [read_fields(read_documents(output)) for output in outputs]
    words = [
        pc.coalesce(document.text("preference", rows), output)
        for document, output in zip(documents, outputs, strict=True)
    ]
    forward, backward = (np.array(read_verdicts(w.to_pylist()), np.int64) for w in words)
    forward_document = documents[0]
    numbers = {name: fields.number(name, rows) for name in VOTES}
    numbers |= {
        name: pc.coalesce(fields.number(name, rows), forward_document.number(name, rows))
        for name in SCORES
    }
    numbers |= {name: _not_negative(numbers[name]) for name in VOTES}
    criteria = fields.criteria
    as_text_of_its_own = read_documents(fields.text("criteria", rows))
    for other in (read_fields(as_text_of_its_own, under="criteria"), forward_document):
        criteria = pc.if_else(criteria.is_valid(), criteria, other.criteria)
    prompt, response_a, response_b = _compared(details, chunk)
    content = replace(
        content,
        query=pc.coalesce(prompt, content.query),
        gold_texts=_lists(response_a, response_b),
        predictions=_lists(*outputs, metrics),
    )
    judged = Judged(
        content=content,
        response_a=response_a,
        response_b=response_b,
        forward_output=outputs[0],
        backward_output=outputs[1],
        forward=forward,
        backward=backward,
        numbers=numbers,
        justification=pc.coalesce(
            fields.text("justification", rows), forward_document.text("justification", rows)
        ),
        criteria=criteria,
    )
    return replace(judged, content=_with_rejections(judged, words[0], metrics, chunk))


def _metrics(chunk: Chunk) -> pa.Array | None:
    flat = column_of(chunk.batch, "metrics")
    return column_of(chunk.batch, "metric") if flat is None else flat


def _outputs(
    fields: JudgeFields, predictions: pa.ListArray, rows: int
) -> tuple[pa.StringArray, pa.StringArray]:
    """The judge's words in both passes; null where there was none."""
    # a final preference is what a judge with one pass says; `predictions` hold its raw words
    forward = pc.coalesce(
        fields.text("forward_output", rows),
        fields.text("preference", rows),
        _element(predictions, 0),
    )
    has_forward = fields.text("forward_output", rows).is_valid()
    backward = fields.text("backward_output", rows)
    second = pc.if_else(has_forward, None, _element(predictions, 1))
    has_preference = fields.text("preference", rows).is_valid()
    return forward, pc.coalesce(backward, pc.if_else(has_preference, None, second))


def _element(lists: pa.ListArray, index: int) -> pa.StringArray:
    """One element of each list; null where the list is shorter, or the element blank."""
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0))
    starts = np.cumsum(counts) - counts
    found = pc.list_flatten(lists).take(pa.array(starts + index, mask=counts <= index))
    return null_if_empty(found)


def _compared(
    details: Details, chunk: Chunk
) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """Prompt and both responses, where the row's specifics or its choices have them."""
    rows = chunk.batch.num_rows
    column = (
        column_of(chunk.batch, "doc", "specific")
        if details.is_structs
        else column_of(chunk.batch, "specifics")
    )
    found = {name: nulls(rows) for name in _RESPONSES}
    if column is not None and not pa.types.is_null(column.type):
        leaves = parse_leaves(column) if is_text(column.type) else None
        for name, keys in _RESPONSES.items():
            given = [
                leaf_values(leaves, key)
                if leaves is not None
                else as_text(field_of(column, key), rows)
                for key in keys
            ]
            found[name] = pc.coalesce(*given)
    choices = (
        column_of(chunk.batch, "doc", "choices")
        if details.is_structs
        else column_of(chunk.batch, "choices")
    )
    lists = as_text_lists(choices, rows)
    is_pair = pc.fill_null(pc.equal(pc.list_value_length(lists), 2), fill_value=False)
    pairs = pc.if_else(is_pair, lists, None)
    return (
        found["prompt"],
        pc.coalesce(found["response_a"], _element(pairs, 0)),
        pc.coalesce(found["response_b"], _element(pairs, 1)),
    )


def _lists(*columns: pa.StringArray) -> pa.ListArray:
    """One list per row of the columns' values, nulls included."""
    rows, width = len(columns[0]), len(columns)
    order = np.arange(rows * width).reshape(width, rows).T.ravel()
    values = pa.concat_arrays(list(columns)).take(pa.array(order))
    offsets = (np.arange(rows + 1) * width).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _with_rejections(
    judged: Judged, words: pa.StringArray, metrics: pa.StringArray, chunk: Chunk
) -> Content:
    """Content whose rejections are those of a judgment: what is damaged, or says nothing."""
    has_numbers = np.zeros(judged.content.rows, np.bool_)
    for name in (*VOTES, *SCORES):
        has_numbers |= ~np.isnan(_floats(judged.numbers[name]))
    has_numbers |= np.asarray(judged.criteria.is_valid())
    has_words = (judged.forward <= TIE) | (judged.backward <= TIE)
    is_odd = (judged.forward == UNKNOWN) | (judged.backward == UNKNOWN)
    says_nothing = ~has_numbers & ~has_words
    odd = pa.array(says_nothing & is_odd)
    empty = pa.array(says_nothing & ~is_odd)
    quoted = pc.utf8_slice_codeunits(
        pc.coalesce(words, judged.backward_output, pa.scalar("")), 0, 60
    )
    code = pc.if_else(odd, "unknown_verdict", pc.if_else(empty, "no_judgment", nulls(len(odd))))
    message = pc.if_else(
        odd,
        pc.binary_join_element_wise("the judge's words are no verdict: ", quoted, ""),
        pc.if_else(empty, "the row has no votes, verdicts or scores of a judge", nulls(len(odd))),
    )
    raw = pc.if_else(code.is_valid(), pc.coalesce(metrics, pa.scalar("")), None).cast(pa.binary())
    if chunk.damaged is not None:
        is_damaged = pa.array(chunk.damaged.is_damaged)
        code = pc.if_else(is_damaged, "invalid_utf8", code)
        message = pc.if_else(is_damaged, chunk.damaged.message, message)
        raw = pc.if_else(is_damaged, chunk.damaged.raw, raw)
    return replace(judged.content, reject_code=code, reject_message=message, reject_raw=raw)


def _status(code: np.ndarray, output: pa.StringArray, has_failed: np.ndarray) -> np.ndarray:
    """Status of one pass: what its words are, else whether an error accounts for their lack."""
    is_given = np.asarray(output.is_valid().to_numpy(zero_copy_only=False))
    status = np.full(len(code), OK, np.int64)
    status[code == UNKNOWN] = UNKNOWN_WORDS
    status[code == NOTHING] = ABSENT
    status[(code == NOTHING) & (is_given | has_failed)] = ERROR
    return status


def _derived(
    forward: np.ndarray,
    backward: np.ndarray,
    forward_status: np.ndarray,
    backward_status: np.ndarray,
) -> np.ndarray:
    """float64, rows × 4: the votes that the passes cast; nan where one cannot be told."""
    votes = np.zeros((len(forward), 4))
    for code, status in ((forward, forward_status), (backward, backward_status)):
        for at in range(3):
            votes[:, at] += (status == OK) & (code == at)
        votes[:, 3] += (status == ERROR) | (status == UNKNOWN_WORDS)
    is_silent = (forward_status == ABSENT) & (backward_status == ABSENT)
    votes[is_silent | (backward_status == ORIENTATION_UNKNOWN)] = np.nan
    return votes


def _not_negative(numbers: pa.DoubleArray) -> pa.DoubleArray:
    return pc.if_else(pc.greater_equal(numbers, 0.0), numbers, None)


def _floats(numbers: pa.DoubleArray) -> np.ndarray:
    return np.array(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False))
