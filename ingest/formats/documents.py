"""Texts that hold a document: JSON, a Python literal or YAML, bare or in a code fence.

Judges are asked for YAML and containers pass on what they said, so a column may hold any of these
beside plain words. JSON and literals are parsed as a column; what is left is read as YAML row by
row, which is slow and therefore only done for what looks like a mapping. YAML comes from a model's
mouth: it is read without types (every scalar is text), without anchors, and within limits.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from ingest.parsing.leaves import MALFORMED, Leaves, parse_leaves

MOST_YAML_BYTES = 256 << 10
"""A longer text is not looked into (bytes)."""
MOST_YAML_EVENTS = 20_000
MOST_YAML_DEPTH = 16

_FENCED = re.compile(r"```[ \t]*(?:ya?ml|json|python)?[ \t]*\n(?P<body>.*?)(?:\n```|\Z)", re.DOTALL)
_MAPPING_LINE = r"(?m)^[ \t]*(?:- )?[\"']?[A-Za-z][\w ./-]{0,60}[\"']?[ \t]*:(?:[ \t]|$)"
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_documents(texts: pa.StringArray) -> Leaves:
    """The leaves of each text's document; a text that is none has no leaves.

    A text that is one bare scalar is no document.
    """
    is_candidate = pc.fill_null(pc.match_substring_regex(texts, r"[:{]"), fill_value=False)
    bodies = _bodies(pc.if_else(is_candidate, texts, None))
    leaves = parse_leaves(bodies)
    rest = np.flatnonzero(leaves.status == MALFORMED)
    if not len(rest):
        return leaves
    left = bodies.take(pa.array(rest))
    is_mapping = np.asarray(
        pc.fill_null(pc.match_substring_regex(left, _MAPPING_LINE), fill_value=False)
    )
    found = [
        _yaml_as_json(text) if is_like else None
        for text, is_like in zip(left.to_pylist(), is_mapping, strict=True)
    ]
    if not any(found):
        return leaves
    whole = np.array(bodies.to_pylist(), dtype=object)
    whole[rest] = found
    return parse_leaves(pa.array(whole, pa.string()))


def _bodies(texts: pa.StringArray) -> pa.StringArray:
    """The inside of the last code fence, or the text itself."""
    has_fence = pc.fill_null(pc.match_substring(texts, "```"), fill_value=False)
    if not pc.any(has_fence, min_count=0).as_py():
        return texts
    return pa.array(
        [None if text is None else _unfenced(text) for text in texts.to_pylist()], pa.string()
    )


def _unfenced(text: str) -> str:
    fences = [match["body"] for match in _FENCED.finditer(text)]
    return fences[-1] if fences else text


def _yaml_as_json(text: str) -> str | None:
    """A YAML mapping or sequence as JSON; None for what is none, or is not harmless."""
    if len(text.encode()) > MOST_YAML_BYTES or not _is_harmless(text):
        return None
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506  builds texts, lists and dicts alone
    except yaml.YAMLError:  # a model's prose that happens to look like YAML: no document
        return None
    return json.dumps(content, ensure_ascii=False) if isinstance(content, dict | list) else None


def _is_harmless(text: str) -> bool:
    """Whether the text is YAML without anchors, small and shallow; nothing is built to find out."""
    depth = 0
    try:
        for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if (
                isinstance(event, yaml.AliasEvent)
                or getattr(event, "anchor", None) is not None
                or depth > MOST_YAML_DEPTH
                or count > MOST_YAML_EVENTS
            ):
                return False
    except yaml.YAMLError:
        return False
    return True
