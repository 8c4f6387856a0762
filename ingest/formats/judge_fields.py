"""What a judged row says, whatever its keys are spelt like and however deep they stand.

Containers write votes and outputs into the row's metrics, as a dict, as its text or as native
structs, some in a group of their own; a judge's output may itself be a document with the same
keys. Decides which key means what; which of several sources counts is decided in `judging`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.parsing.leaves import BOOLEAN, NUMBER, STRING, Leaves
from ingest.parsing.texts import number_values
from ingest.raw import CRITERION

CRITERIA = pa.list_(CRITERION)

_SPELLINGS = {
    "forward_output": ("forward_output", "forward_judgment", "forward_verdict", "forward"),
    "backward_output": ("backward_output", "backward_judgment", "backward_verdict", "backward"),
    "preference": (
        *("predictions", "prediction", "preference", "final_preference", "overall_preference"),
        *("verdict", "final_verdict", "winner", "judgment", "judgement", "decision"),
    ),
    "a_votes": ("a_scores", "a_votes"),
    "b_votes": ("b_scores", "b_votes"),
    "tie_votes": ("ties", "tie_votes"),
    "error_votes": ("inference_error", "inference_errors", "inference_score"),
    "score_a": ("weighted_score_a", "average_weighted_score_a", "overall_score_a"),
    "score_b": ("weighted_score_b", "average_weighted_score_b", "overall_score_b"),
    "margin_a_minus_b": ("score_margin", "average_margin"),
    "justification": ("overall_justification", "justification", "explanation", "rationale"),
    "criteria": ("criteria_breakdown", "criteria_scores", "criteria", "rubric"),
}
_FIELD_OF = {spelling: field for field, names in _SPELLINGS.items() for spelling in names}

_ATTRIBUTES = {
    "name": ("name", "criterion"),
    "criterion_type": ("type", "criterion_type", "scale_type"),
    "weight": ("weight",),
    "score_a": ("score_a", "scores_a", "a_score", "a"),
    "score_b": ("score_b", "scores_b", "b_score", "b"),
    "description": ("description",),
    "justification_a": ("justification_a", "justifications_a", "explanation_a"),
    "justification_b": ("justification_b", "justifications_b", "explanation_b"),
}
_ATTRIBUTE_OF = {spelling: name for name, names in _ATTRIBUTES.items() for spelling in names}
_ATTRIBUTE_NAMES = tuple(_ATTRIBUTES)
_ATTRIBUTE_NUMBERS = frozenset(("weight", "score_a", "score_b"))

_STEP = re.compile(r'\[(?P<index>\d+)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|(?P<key>[^.\[\]]+)')
_TRUE, _FALSE = pa.array(["true", "yes"]), pa.array(["false", "no"])


@dataclass(frozen=True, slots=True)
class JudgeFields:
    """One entry per row in every column."""

    texts: dict[str, pa.StringArray]
    """By field name; null where the row does not say. Fields that no row has are left out."""
    criteria: pa.ListArray
    """`CRITERIA`; null where the row has none."""

    def text(self, field: str, rows: int) -> pa.StringArray:
        """A field as text."""
        return self.texts.get(field, pa.nulls(rows, pa.string()))

    def number(self, field: str, rows: int) -> pa.DoubleArray:
        """A field as a finite number; booleans are 0 and 1, anything else null."""
        return as_numbers(self.text(field, rows))


@dataclass(frozen=True, slots=True)
class _Place:
    """What a leaf's path means."""

    field: str | None
    criterion: str | None = None
    attribute: int = -1


def read_fields(leaves: Leaves, *, under: str | None = None) -> JudgeFields:
    """The fields that the leaves of each row hold; of a key written twice the last value counts.

    Args:
        under: the key that the leaves' root is the value of, where it has one.
    """
    root = () if under is None else (under,)
    places = [_place([*root, *_steps(path)]) for path in leaves.paths.to_pylist()]
    rows = leaves.row
    texts: dict[str, pa.StringArray] = {}
    for field in dict.fromkeys(p.field for p in places if p.field and p.criterion is None):
        of_field = np.array([p.field == field and p.criterion is None for p in places])
        found = np.flatnonzero(of_field[leaves.path_index])
        found = found[np.isin(leaves.kind[found], (STRING, NUMBER, BOOLEAN))]
        at = np.full(len(leaves.status), -1, np.int64)
        at[rows[found]] = found  # the last assignment wins
        texts[field] = leaves.value.take(pa.array(at, mask=at < 0))
    return JudgeFields(texts, _criteria(leaves, places))


def as_numbers(texts: pa.StringArray) -> pa.DoubleArray:
    """Finite numbers; true and yes as 1, false and no as 0, anything else null."""
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    trimmed = pc.if_else(pc.is_in(trimmed, value_set=_TRUE), "1", trimmed)
    trimmed = pc.if_else(pc.is_in(trimmed, value_set=_FALSE), "0", trimmed)
    is_number = pc.match_substring_regex(trimmed, r"^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$")
    found = number_values(pc.if_else(is_number, trimmed, None))
    return pc.if_else(pc.is_finite(found), found, None)


def _place(steps: list[str]) -> _Place:
    for depth in range(min(2, len(steps))):
        field = _FIELD_OF.get(_canonical(steps[depth]))
        if field is None:
            continue
        rest = steps[depth + 1 :]
        if field != "criteria" or not rest:
            return _Place(field if all(step == "[0]" for step in rest) else None)
        attribute = _ATTRIBUTE_OF.get("_".join(_canonical(step) for step in rest[1:]))
        if attribute is None:
            return _Place(None)
        return _Place(field, rest[0], _ATTRIBUTE_NAMES.index(attribute))
    return _Place(None)


def _steps(path: str) -> list[str]:
    """Keys along a path; places in lists as `[0]`."""
    if path == "$":
        return []
    found = []
    for step in _STEP.finditer(path):
        if step["index"] is not None:
            found.append(f"[{step['index']}]")
        else:
            found.append(json.loads(step["quoted"]) if step["quoted"] else step["key"])
    return found


def _canonical(key: str) -> str:
    return re.sub(r"[\s-]+", "_", key.strip().casefold())


def _criteria(leaves: Leaves, places: list[_Place]) -> pa.ListArray:
    rows = len(leaves.status)
    names = list(dict.fromkeys(p.criterion for p in places if p.criterion is not None))
    number_of = {name: number for number, name in enumerate(names)}
    of_path = np.array(
        [-1 if p.criterion is None else number_of[p.criterion] for p in places], np.int64
    )
    attribute_of_path = np.array([p.attribute for p in places], np.int64)
    found = np.flatnonzero(of_path[leaves.path_index] >= 0) if names else np.empty(0, np.int64)
    if not len(found):
        return pa.nulls(rows, CRITERIA)
    path, row = leaves.path_index[found], leaves.row[found]
    slot, entry = np.unique(row * len(names) + of_path[path], return_inverse=True)
    columns = {}
    for attribute, name in enumerate(_ATTRIBUTE_NAMES):
        is_here = attribute_of_path[path] == attribute
        at = np.full(len(slot), -1, np.int64)
        at[entry[is_here]] = found[is_here]
        text = leaves.value.take(pa.array(at, mask=at < 0))
        columns[name] = as_numbers(text) if name in _ATTRIBUTE_NUMBERS else text
    keys = pa.array(names, pa.string()).take(pa.array(slot % len(names)))
    columns["criterion"] = pc.coalesce(columns.pop("name"), keys)
    columns["criterion_type"] = pc.utf8_lower(pc.utf8_trim_whitespace(columns["criterion_type"]))
    is_scored = pc.or_(columns["score_a"].is_valid(), columns["score_b"].is_valid())
    kept = np.flatnonzero(is_scored.to_numpy(zero_copy_only=False))
    kept = kept[_is_last(slot[kept] // len(names), columns["criterion"].take(pa.array(kept)))]
    values = pa.StructArray.from_arrays(
        [columns[field.name].take(pa.array(kept)) for field in CRITERION], fields=list(CRITERION)
    )
    counts = np.bincount(slot[kept] // len(names), minlength=rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values, type=CRITERIA, mask=pa.array(counts == 0))


def _is_last(row: np.ndarray, name: pa.StringArray) -> np.ndarray:
    """bool per entry: whether no later one of the same row has the same name."""
    encoded = name.dictionary_encode()
    key = row * (len(encoded.dictionary) + 1) + np.asarray(encoded.indices)
    last = len(key) - 1 - np.unique(key[::-1], return_index=True)[1]
    is_last = np.zeros(len(key), np.bool_)
    is_last[last] = True
    return is_last
