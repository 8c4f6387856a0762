from __future__ import annotations

import random
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ingest.formats import pairing as pairing_module
from ingest.formats.columns import STRINGS
from ingest.formats.content import Content
from ingest.formats.identity import example_key
from ingest.formats.pairing import COPY, LANDS, REJECT, TWIN, Decisions, Pairing
from tests.unit.formats.contents import content


def row(query: str, answer: str = "p", system: str | None = "s") -> tuple:
    return system, query, [f"gold of {query}"], [answer]


def decide(
    details: list[list[tuple]],
    twins: list[list[tuple]] | None = None,
    *,
    documents: int | None = None,
    **given: object,
) -> Decisions:
    """Decisions for details files and twin files, one list of rows each."""
    with Pairing() as pairing:
        total = 0
        for number, rows in enumerate([*details, *(twins or [])]):
            if rows:
                pairing.add(
                    content(*rows, **given), file=number, task=0, is_twin=number >= len(details)
                )
            total += len(rows)
        pairing.settle({0: documents})
        return pairing.decisions(0, total)


def spelt(decisions: Decisions) -> str:
    letters = {LANDS: "L", COPY: "c", TWIN: "t", REJECT: "x"}
    return "".join(letters[int(d)] for d in decisions.decision)


def test_fewer_rows_than_documents_are_all_examples() -> None:
    found = decide([[row("a"), row("b"), row("a")], [row("a")]], documents=4)
    assert spelt(found) == "LLLL"
    assert found.repeat_index.to_pylist() == [0, 0, 1, 2]


def test_copies_in_another_file_are_duplicates_where_documents_are_unknown() -> None:
    found = decide([[row("a"), row("b"), row("b")], [row("b"), row("a"), row("c")]])
    assert spelt(found) == "LLLccL"
    assert found.example.tolist() == [0, 1, 2, 1, 0, 5]
    assert found.repeat_index.to_pylist() == [0, 0, 1, 0, 0, 0]


def test_the_fullest_file_decides_how_many_repeats_there_are() -> None:
    found = decide([[row("a")], [row("a"), row("a"), row("a")]])
    assert spelt(found) == "LcLL"
    assert found.repeat_index.to_pylist() == [0, 0, 1, 2]


def test_documents_logged_in_two_passes_land_once() -> None:
    rows = [row("a"), row("b"), row("b")]
    found = decide([rows + rows], documents=3)
    assert spelt(found) == "LLLccc"
    assert found.example.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.repeat_index.to_pylist() == [0, 0, 1, 0, 0, 1]


def test_passes_may_be_spread_over_files() -> None:
    found = decide([[row("a"), row("b")], [row("b"), row("a")]], documents=2)
    assert spelt(found) == "LLcc"
    assert found.example.tolist() == [0, 1, 1, 0]


def test_twice_as_many_rows_are_no_passes_when_contents_do_not_repeat() -> None:
    found = decide([[row("a"), row("b"), row("c"), row("c")]], documents=2)
    assert spelt(found) == "LLLL"


def test_a_different_answer_is_a_different_example() -> None:
    found = decide([[row("a", "one")], [row("a", "two")]])
    assert spelt(found) == "LL"
    assert found.repeat_index.to_pylist() == [0, 1]


def test_twins_are_found_by_content_in_any_order() -> None:
    found = decide(
        [[row("a", "1"), row("a", "2"), row("b")]], [[row("b"), row("a", "2"), row("a", "1")]]
    )
    assert spelt(found) == "LLLttt"
    assert found.example.tolist() == [0, 1, 2, 2, 1, 0]


def test_twins_with_another_system_prompt_or_answer_are_found_by_query_and_gold() -> None:
    found = decide([[row("a"), row("b", "x")]], [[row("b", "y"), row("a", system=None)]])
    assert spelt(found) == "LLtt"
    assert found.example.tolist() == [0, 1, 1, 0]
    assert found.example_key[3].as_py() == example_key("s", "a", ["gold of a"]), "its twin's"


def test_exact_twins_are_taken_before_likely_ones() -> None:
    found = decide([[row("a", "1"), row("a", "2")]], [[row("a", "2"), row("a", "3")]])
    assert found.example.tolist() == [0, 1, 1, 0]


def golds(query: str, answer: str, *texts: str) -> tuple:
    return "s", query, list(texts), [answer]


def test_twins_with_one_gold_of_several_are_found_by_query_and_answer() -> None:
    found = decide(
        [[golds("a", "1", "x", "y"), golds("a", "2", "x", "y"), golds("a", "1", "x", "y")]],
        [[golds("a", "2", "x"), golds("a", "1", "x"), golds("a", "1", "y"), golds("a", "1", "x")]],
    )
    assert spelt(found) == "LLLtttL", "as many as there are examples with the same answer"
    assert found.example.tolist() == [0, 1, 2, 1, 0, 2, 6]
    assert found.example_key[3].as_py() == example_key("s", "a", ["x", "y"]), "its twin's"


def test_examples_with_twins_of_the_same_gold_are_not_claimed_by_others() -> None:
    found = decide(
        [[golds("a", "1", "x"), golds("a", "1", "x", "y")]],
        [[golds("a", "1", "z"), golds("a", "2", "x"), golds("a", "1", "x", "y")]],
    )
    assert spelt(found) == "LLLtt"
    assert found.example.tolist() == [0, 1, 2, 0, 1]


def test_another_gold_needs_the_same_answer_query_and_task() -> None:
    found = decide(
        [[golds("a", "1", "x", "y"), (None, None, ["x", "y"], ["1"])]],
        [[golds("a", "2", "x"), golds("b", "1", "x"), (None, None, ["x"], ["1"])]],
    )
    assert spelt(found) == "LLLLL"
    with Pairing() as pairing:
        pairing.add(content(golds("a", "1", "x", "y")), file=0, task=0, is_twin=False)
        pairing.add(content(golds("a", "1", "x")), file=1, task=1, is_twin=True)
        pairing.settle({0: 1, 1: None})
        assert spelt(pairing.decisions(0, 2)) == "LL"


def test_twins_without_details_become_examples() -> None:
    found = decide([[row("a")]], [[row("b"), row("a"), row("a")]])
    assert spelt(found) == "LLtL"
    assert found.repeat_index.to_pylist() == [0, 0, 0, 1]


def test_twins_in_two_files_are_copies() -> None:
    found = decide([[row("a")]], [[row("a"), row("b")], [row("a"), row("b")]])
    assert spelt(found) == "LtLcc"
    assert found.example.tolist() == [0, 0, 2, 0, 2]


def test_an_example_gets_its_twins_metadata() -> None:
    with Pairing() as pairing:
        pairing.add(content(row("a"), row("b")), file=0, task=0, is_twin=False)
        twins = content(row("b"), row("a"), metadata=["of b", None])
        pairing.add(twins, file=1, task=0, is_twin=True)
        pairing.settle({0: 2})
        found = pairing.decisions(0, 4)
        assert pairing.unclaimed_twins() == 0
    assert found.twin_metadata.to_pylist() == [None, "of b", None, None]


def test_rejected_rows_count_as_found_but_are_nothing() -> None:
    found = decide([[row("a"), row("a")]], documents=1, rejected={1})
    assert spelt(found) == "Lx"
    assert found.example.tolist() == [0, -1]
    assert found.example_key[1].as_py() is None


def test_tasks_are_counted_apart_but_repeats_within_the_job() -> None:
    with Pairing() as pairing:
        for number in range(2):
            pairing.add(content(row("a"), row("b")), file=number, task=number, is_twin=False)
        pairing.settle({0: 2, 1: None})
        found = pairing.decisions(0, 4)
        assert [(c.task, c.found, c.landed) for c in pairing.counts()] == [(0, 2, 2), (1, 2, 2)]
        assert pairing.tasks_with_copies() == frozenset()
    assert found.repeat_index.to_pylist() == [0, 0, 1, 1]


def test_decisions_are_given_for_any_stretch_of_rows() -> None:
    with Pairing() as pairing:
        for start in range(0, 50, 10):
            rows = [row(str(i)) for i in range(start, start + 10)]
            pairing.add(content(*rows), file=0, task=0, is_twin=False)
        pairing.settle({0: 50})
        found = pairing.decisions(17, 9)
        assert found.example.tolist() == list(range(17, 26))
        assert len(pairing.decisions(50, 3).decision) == 0


def slow_decisions(details: list[list[str]], documents: int | None) -> list[tuple[bool, int]]:
    """(lands, place of the row that lands) of each row, by the rules as written down."""
    rows = [(file, text) for file, texts in enumerate(details) for text in texts]
    counts = Counter(text for _, text in rows)
    found = len(rows)
    passes = 0
    if documents and found > documents and found % documents == 0:
        passes = found // documents
        if any(count % passes for count in counts.values()):
            passes = 0
    seen: dict[object, int] = {}
    nth: dict[object, int] = defaultdict(int)
    decided = []
    for place, (file, text) in enumerate(rows):
        if documents is not None and found <= documents:
            slot: object = place
        elif passes:
            slot = (text, nth[text] % (counts[text] // passes))
            nth[text] += 1
        else:
            slot = (text, nth[file, text])
            nth[file, text] += 1
        original = seen.setdefault(slot, place)
        decided.append((original == place, original))
    return decided


def test_the_rules_against_a_slow_reading_of_them() -> None:
    chance = random.Random(23)
    cases = []
    for _ in range(70):
        files = [chance.choices("abc", k=chance.randrange(7)) for _ in range(chance.randint(1, 3))]
        cases.append((files, chance.choice([None, *range(1, 13)])))
    with Pairing() as pairing:
        for task, (files, _) in enumerate(cases):
            for number, texts in enumerate(files):
                rows = [row(f"{task} {text}") for text in texts]
                if rows:
                    pairing.add(content(*rows), file=3 * task + number, task=task, is_twin=False)
        pairing.settle({task: documents for task, (_, documents) in enumerate(cases)})
        first = 0
        for files, documents in cases:
            expected = slow_decisions(files, documents)
            found = pairing.decisions(first, len(expected))
            assert (found.decision == LANDS).tolist() == [lands for lands, _ in expected]
            assert (found.example - first).tolist() == [original for _, original in expected]
            texts = [text for texts in files for text in texts]
            landed = [
                (text, repeat)
                for text, repeat, (lands, _) in zip(
                    texts, found.repeat_index.to_pylist(), expected, strict=True
                )
                if lands
            ]
            assert len(set(landed)) == len(landed), "an example_id is given once"
            first += len(expected)


def numbered(first: int, rows: int) -> Content:
    """Rows that are all different, made without an object for each."""
    numbers = pc.cast(pa.array(np.arange(first, first + rows)), pa.string())
    queries = pc.binary_join_element_wise("a question of the usual length, number ", numbers, "")
    lists = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32)), queries)
    nothing = pa.nulls(rows, pa.string())
    return Content(
        rows=rows,
        system_prompt=nothing,
        query=queries,
        gold_texts=lists.cast(STRINGS),
        predictions=lists.cast(STRINGS),
        metadata_text=queries,
        sample_id=nothing,
        reject_code=nothing,
        reject_message=nothing,
        reject_raw=pa.nulls(rows, pa.binary()),
        has_unreadable_specifics=np.zeros(rows, np.bool_),
    )


def test_what_does_not_fit_into_memory_is_settled_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of the memory, a quarter of the rows of a job of a million with its JSONL."""
    monkeypatch.setitem(pairing_module._SETTINGS, "memory_limit", "96MiB")
    rows, batch = 350_000, 50_000
    with Pairing() as pairing:
        for is_twin in (False, True):
            for first in range(0, rows, batch):
                pairing.add(numbered(first, batch), file=is_twin, task=0, is_twin=is_twin)
        pairing.settle({0: None})
        found = pairing.decisions(rows, batch)
        assert set(spelt(found)) == {"t"}
        assert found.example.tolist() == list(range(batch))
        assert pairing.unclaimed_twins() == 0
