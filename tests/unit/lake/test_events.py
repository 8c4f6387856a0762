"""Events survive their JSON, and anything else in the log is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import LakeError
from ingest.lake.events import from_json, to_json
from tests.unit.lake.make import event

KEY = "_log/00000000000000000001.json"


@pytest.mark.parametrize("kind", ["commit", "hold", "release", "drop", "restore"])
def test_an_event_comes_back_as_it_was(kind: Any) -> None:
    original = event(kind, reason="weil „es“ muss")
    assert from_json(to_json(original), key=KEY) == original


def test_people_can_read_it() -> None:
    lines = to_json(event("commit")).decode().splitlines()
    assert ' "event": "commit",' in lines
    assert any('"examples_missing"' in line for line in lines)
    assert any("„fehlt“" in line for line in lines)


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(LakeError, match="00000000000000000001"):
        from_json(content, key=KEY)


@given(st.data())
def test_a_damaged_event_is_refused_by_name(data: st.DataObject) -> None:
    """Whatever part is lost or of another type: the same kind of error, never a KeyError."""
    document = json.loads(to_json(event("commit")))
    places: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in list(children):
            if node is not document["load"]["job"] and child is not document["load"]["job"]:
                places.append((node, key))
            if isinstance(child, (dict, list)) and child is not document["load"]["job"]:
                collect(child)

    collect(document)
    node, key = data.draw(st.sampled_from(places))
    if isinstance(node, dict) and data.draw(st.booleans()):
        del node[key]
    else:
        node[key] = data.draw(st.sampled_from([None, -1, 1.5, "2026", {"x": 1}]))
    try:
        read = from_json(json.dumps(document).encode(), key=KEY)
    except LakeError as error:
        assert KEY in str(error)
    else:  # one text may stand for another
        assert to_json(read) == (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


@pytest.mark.parametrize("name", ["../../etc", "a'); drop table loads; --", "a/b", "", "a\n", "é"])
@pytest.mark.parametrize("member", ["job_id", "load_id"])
def test_a_name_that_could_be_a_path_or_sql_is_damage(member: str, name: str) -> None:
    """Both stand in paths that vacuum removes and in SQL that a build runs."""
    document = json.loads(to_json(event("drop"))) | {member: name}
    with pytest.raises(LakeError, match="the log is damaged here"):
        from_json(json.dumps(document).encode(), key=KEY)


def test_a_later_version_asks_for_an_upgrade() -> None:
    document = json.loads(to_json(event("drop"))) | {"version": 3}
    with pytest.raises(LakeError, match="upgrade"):
        from_json(json.dumps(document).encode(), key=KEY)


def test_a_time_without_offset_is_refused() -> None:
    document = json.loads(to_json(event("drop"))) | {"at_utc": "2026-03-01T12:00:00"}
    with pytest.raises(LakeError, match="offset"):
        from_json(json.dumps(document).encode(), key=KEY)
