"""Rule files: what may be said, and that every slip names its line and the nearest word."""

from __future__ import annotations

import pytest

from evallake.errors import RulesError
from evallake.gate.reading import Metric
from evallake.gate.resolving import resolve
from evallake.gate.rules import DEFAULT_RULES, Rule, read_rules

GOOD = """rules:
  - metric: correctness
    max_drop: 0.02
  - field: thought
    name: how it thinks
    max_drop: 0.1
    slice: domain = billing
    min_n: 50
    required: false
    higher_is_better: true
    range: [0, 2]
  - metric: f1
    max_drop: 1e-2
    slice: {difficulty: 3}
"""
METRICS = {
    name: Metric(
        name=name, is_higher_better=better, aggregation=aggregation, scale_max=1.0, pairs=pairs
    )
    for name, better, aggregation, pairs in [
        ("correctness", True, "mean", 100),
        ("f1", True, "average", 100),
        ("latency", None, "mean", 100),
        ("bleu", True, "corpus", 100),
        ("absent", True, "mean", 0),
    ]
}
SLICES = {"domain": ["billing", "shipping"], "id": [str(n) for n in range(60)]}


def write(tmp_path, text: str):
    file = tmp_path / "gate.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_rule_file_is_read(tmp_path) -> None:
    first, second, third = read_rules(write(tmp_path, GOOD))
    assert (first.metric, first.max_drop, first.slice_name, first.is_required) == (
        "correctness", 0.02, "all", True,
    )  # fmt: skip
    assert second.metric == "field:thought"
    assert (second.slice_key, second.slice_value) == ("domain", "billing")
    assert (second.min_n, second.is_required, second.span) == (50, False, 2.0)
    assert second.title == "how it thinks"
    assert (third.slice_key, third.slice_value, third.max_drop) == ("difficulty", "3", 0.01)


@pytest.mark.parametrize(
    ("line", "number", "said"),
    [
        ("    max_dorp: 0.02", 3, "key 'max_dorp' is not known .did you mean 'max_drop'"),
        ("    max_drop: 0", 3, "above 0"),
        ("    max_drop: -0.1", 3, "above 0"),
        ("    max_drop: much", 3, "no number"),
        ("    max_drop: .nan", 3, "no number"),
        ("    max_drop: true", 3, "no number"),
        ("    max_drop: 0.1\n    max_drop: 0.2", 4, "said twice"),
        ("    max_drop: 0.1\n    min_n: 0", 4, "no count"),
        ("    max_drop: 0.1\n    required: maybe", 4, "neither true nor false"),
        ("    max_drop: 0.1\n    range: [1, 0]", 4, "no pair"),
        ("    max_drop: 0.1\n    slice: domain", 4, "no slice"),
        ("    max_drop: 0.1\n    slice: [a, b]", 4, "no slice"),
        ("    max_drop: 0.1\n    field: class", 2, "no one metric"),
        ("    min_n: 5", 2, "has no max_drop"),
        ("    max_drop: 0.1\n  - metric: f1\n    max_drop: 0.2", 4, "already, in .*line 2"),
        ("    max_drop: [0.1", 4, "not YAML"),
    ],
)
def test_a_slip_names_its_line(tmp_path, line: str, number: int, said: str) -> None:
    file = write(tmp_path, f"rules:\n  - metric: f1\n{line}\n")
    with pytest.raises(RulesError, match=f"line {number}: .*{said}"):
        read_rules(file)


@pytest.mark.parametrize("text", ["", "rules:\n", "rules: 3\n", "- 5\n", "other: []\n", "[]\n"])
def test_a_file_without_rules_is_refused(tmp_path, text: str) -> None:
    with pytest.raises(RulesError):
        read_rules(write(tmp_path, text))


def test_a_missing_or_unreadable_file_is_refused(tmp_path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        read_rules(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes(b"rules: \xff\xfe")
    with pytest.raises(RulesError, match="cannot be read"):
        read_rules(tmp_path / "latin.yml")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(metric="corectness", max_drop=0.1), "did you mean 'correctness'.*correctness, f1"),
        (Rule(metric="absent", max_drop=0.1), "not known"),
        (Rule(metric="latency", max_drop=0.1), "higher_is_better"),
        (Rule(metric="bleu", max_drop=0.1), "no mean of examples .*corpus"),
        (
            Rule(metric="f1", max_drop=0.1, slice_key="domian", slice_value="x"),
            "slice 'domian'.*did you mean 'domain'",
        ),
        (
            Rule(metric="f1", max_drop=0.1, slice_key="domain", slice_value="bilings"),
            "value of domain 'bilings'.*did you mean 'billing'.*billing, shipping",
        ),
    ],
)
def test_what_the_pair_does_not_have_is_refused_with_the_nearest(rule: Rule, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        resolve([rule], METRICS, SLICES)


def test_a_star_is_a_rule_for_every_value_and_never_one_twice() -> None:
    rules = [
        Rule(metric="f1", max_drop=0.2, slice_key="domain", slice_value="billing"),
        Rule(metric="f1", max_drop=0.1, slice_key="domain", slice_value="*"),
    ]
    found = resolve(rules, METRICS, SLICES)
    assert [(r.slice_value, r.max_drop) for r in found] == [("billing", 0.2), ("shipping", 0.1)]


def test_the_default_rules_watch_every_slice_but_keys_with_too_many_values() -> None:
    found = resolve(DEFAULT_RULES, METRICS, SLICES)
    assert [r.slice_name for r in found] == ["all", "domain = billing", "domain = shipping"]
    assert [r.is_required for r in found] == [True, False, False]


def test_what_the_rule_says_goes_before_what_the_jobs_declare() -> None:
    [rule] = resolve(
        [Rule(metric="latency", max_drop=1.0, higher_is_better=False, span=30.0)], METRICS, SLICES
    )
    assert (rule.higher_is_better, rule.span) == (False, 30.0)
