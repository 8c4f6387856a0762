"""Lines of a Bedrock judge's output: a prompt, a response, and a score for each metric.

`inputRecord.prompt` is the text of a list of messages and `modelResponses[0].response` that of a
list of texts, as Python writes them, or plain text. Decides which lines are a judgment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.formats.columns import first_of, single_lists
from ingest.formats.content import Content
from ingest.formats.inference import Lines
from ingest.formats.judge_fields import CRITERIA, as_numbers
from ingest.parsing.leaves import OK_JSON, Leaves, leaf_values, parse_leaves
from ingest.parsing.texts import list_texts, prompt_texts
from ingest.raw import CRITERION

RATING = "rating"
"""Type of a criterion whose scale is the judge's own."""

_SCORES = "automatedEvaluationResult"
_SCORE = re.compile(
    r"scores\[(?P<at>\d+)\]\.(?:(?P<name>metricName)|(?P<result>result)"
    r"|(?P<why>evaluatorDetails\[0\]\.explanation))"
)
_NAME, _RESULT, _WHY = range(3)


@dataclass(frozen=True, slots=True)
class Rated:
    """Consecutive lines."""

    content: Content
    """`query` is the prompt, `gold_texts` the response, `predictions` the scores as written."""
    response: pa.StringArray
    criteria: pa.ListArray
    line: np.ndarray
    """int64: 0-based number of each line in its file."""


def read_rated(lines: Lines) -> Rated:
    """What the lines say; those that are no judgment are rejected with a reason."""
    rows = len(lines.number)
    leaves = parse_leaves(lines.text, keep_source=(_SCORES,))
    said = leaf_values(leaves, "inputRecord.prompt")
    prompt = pc.coalesce(prompt_texts(parse_leaves(said)).query, said)
    raw = leaf_values(leaves, "modelResponses[0].response")
    response = pc.coalesce(_first(list_texts(parse_leaves(raw)).texts), raw)
    scores = leaf_values(leaves, _SCORES)
    criteria = _criteria(parse_leaves(scores), rows)
    code, message = _rejections(lines, leaves, criteria)
    content = Content(
        rows=rows,
        system_prompt=pa.nulls(rows, pa.string()),
        query=prompt,
        gold_texts=single_lists(response),
        predictions=single_lists(scores),
        metadata_text=pa.nulls(rows, pa.string()),
        sample_id=first_of([leaf_values(leaves, "inputRecord.id")], rows),
        reject_code=code,
        reject_message=message,
        reject_raw=pc.if_else(code.is_valid(), lines.text.cast(pa.binary()), None),
        has_unreadable_specifics=np.zeros(rows, np.bool_),
    )
    return Rated(content, response, criteria, lines.number)


def _first(lists: pa.ListArray) -> pa.StringArray:
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0))
    starts = np.cumsum(counts) - counts
    return pc.list_flatten(lists).take(pa.array(starts, mask=counts == 0))


def _criteria(leaves: Leaves, rows: int) -> pa.ListArray:
    found = [_SCORE.fullmatch(path) for path in leaves.paths.to_pylist()]
    at = np.array([-1 if m is None else int(m["at"]) for m in found], np.int64)
    what = np.array(
        [
            -1 if m is None else _NAME if m["name"] else _RESULT if m["result"] else _WHY
            for m in found
        ],
        np.int64,
    )
    here = np.flatnonzero(at[leaves.path_index] >= 0) if len(found) else np.empty(0, np.int64)
    if not len(here):
        return pa.nulls(rows, CRITERIA)
    path = leaves.path_index[here]
    width = int(at.max()) + 1
    slot, entry = np.unique(leaves.row[here] * width + at[path], return_inverse=True)

    def values(kind: int) -> pa.StringArray:
        chosen = np.full(len(slot), -1, np.int64)
        is_kind = what[path] == kind
        chosen[entry[is_kind]] = here[is_kind]
        return leaves.value.take(pa.array(chosen, mask=chosen < 0))

    name = pc.replace_substring_regex(values(_NAME), r"^Builtin\.", "")
    score, why = as_numbers(values(_RESULT)), values(_WHY)
    row = slot // width
    is_score = pc.and_(name.is_valid(), score.is_valid())
    kept = np.flatnonzero(is_score.to_numpy(zero_copy_only=False))
    # a metric that was scored twice in a row counts once, with its last score
    encoded = name.take(pa.array(kept)).dictionary_encode()
    key = row[kept] * (len(encoded.dictionary) + 1) + np.asarray(encoded.indices)
    kept = kept[np.sort(len(key) - 1 - np.unique(key[::-1], return_index=True)[1])]
    chosen = pa.array(kept)
    columns = {
        "criterion": name.take(chosen),
        "criterion_type": pa.repeat(pa.scalar(RATING), len(kept)),
        "score_a": score.take(chosen),
        "justification_a": why.take(chosen),
    }
    entries = pa.StructArray.from_arrays(
        [columns.get(f.name, pa.nulls(len(kept), f.type)) for f in CRITERION],
        fields=list(CRITERION),
    )
    counts = np.bincount(row[kept], minlength=rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, entries, type=CRITERIA, mask=pa.array(counts == 0))


def _rejections(
    lines: Lines, leaves: Leaves, criteria: pa.ListArray
) -> tuple[pa.StringArray, pa.StringArray]:
    """Code and message per line; null where the line is a judgment."""
    code = np.where(criteria.is_null().to_numpy(zero_copy_only=False), 1, 0)
    code[leaves.status != OK_JSON] = 2
    return _CODES.take(pa.array(code)), _MESSAGES.take(pa.array(code))


_CODES = pa.array([None, "no_judgment", "invalid_json"])
_MESSAGES = pa.array([None, "the line has no score of a judge", "the line is not JSON"])
