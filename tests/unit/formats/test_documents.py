"""Documents within texts: JSON, literals and YAML, and YAML that means harm."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from ingest.formats.documents import read_documents


def leaves_of(text: str | None) -> dict[str, str | None]:
    leaves = read_documents(pa.array([text], pa.string()))
    return dict(zip(leaves.path.to_pylist(), leaves.value.to_pylist(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        '{"preference": "A>B", "criteria": {"clarity": {"score_A": 4}}}',
        "{'preference': 'A>B', 'criteria': {'clarity': {'score_A': 4}}}",
        "preference: A>B\ncriteria:\n  clarity:\n    score_A: 4\n",
        "Here is my judgment:\n```yaml\npreference: A>B\ncriteria:\n  clarity: {score_A: 4}\n```\nThanks",
        '```json\n{"preference": "A>B", "criteria": {"clarity": {"score_A": 4}}}\n```',
        "```\npreference: A>B\ncriteria:\n  clarity:\n    score_A: 4",
    ],
)
def test_one_document_in_many_notations(text: str) -> None:
    assert leaves_of(text) == {"preference": "A>B", "criteria.clarity.score_A": "4"}


@pytest.mark.parametrize(
    "text",
    [None, "", "A>B", "plain words", "preference: [A", "a: b: c"],
)
def test_what_is_no_document_has_no_leaves(text: str | None) -> None:
    assert leaves_of(text) == {}


def test_yaml_is_read_without_types() -> None:
    text = "day: 2001-99-99\nbig: 1e999999999\nyes: no\nobject: !!python/object:os.system x"
    found = leaves_of(text)
    assert found["day"] == "2001-99-99"
    assert found["yes"] == "no"
    assert found["object"] == "x"


BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}]\n"
    for before, name in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BOMB, id="anchors"),
        pytest.param("a: &a\n  b: *a\n", id="an anchor in itself"),
        pytest.param("a: " + "[" * 100_000, id="open brackets"),
        pytest.param("a: " + "{a: " * 50_000, id="open braces"),
        pytest.param("a:\n" + "".join(" " * i + "- \n" for i in range(1, 400)), id="deep lists"),
        pytest.param("".join(f"k{i}: v\n" for i in range(30_000)), id="many keys"),
        pytest.param("k: " + "x" * 300_000, id="long"),
        pytest.param("? [a, b]\n: c\nx: y\n", id="a list as a key"),
        pytest.param("x: y\n\x00: z\n", id="a zero byte"),
    ],
)
def test_harmful_yaml_is_left_alone_at_once(text: str) -> None:
    started = time.process_time()
    assert leaves_of(text) == {}
    assert time.process_time() - started < 2


def test_rows_do_not_mix() -> None:
    leaves = read_documents(pa.array(["a: 1\nb: 2", None, '{"a": 3}', "words", "a: 4\n"]))
    assert leaves.row.tolist() == [0, 0, 2, 4]
    assert leaves.value.to_pylist() == ["1", "2", "3", "4"]
