"""`evallake gate` from published tables to exit code: text, Markdown, JUnit, JSON, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from evallake.cli import cli
from evallake.config import configure
from evallake.gate.deciding import t_evidence
from evallake.gate.output import _escaped
from evallake.gate.reading import read_pair
from evallake.gate.samples import moments_of
from evallake.gate.sums import read_clusters, read_moments
from tests.unit.gate.tables import Key, draw_keys, write_tables


def run(folder: Path, *arguments: str, candidate: str = "b") -> Result:
    return CliRunner().invoke(
        cli,
        [
            *("--root", str(folder), "--duckdb", str(folder / "t.duckdb")),
            *("gate", "--baseline", "a", "--candidate", candidate, *arguments),
        ],
    )


def rules(folder: Path, text: str) -> str:
    file = folder / "gate.yml"
    file.write_text(text, encoding="utf-8")
    return str(file)


ONE = "rules: [{metric: correctness, max_drop: 0.05}]\n"


def test_a_harmless_change_passes_a_harmful_one_fails_and_a_small_one_is_open(tmp_path) -> None:
    for name, keys, code, verdict in (
        ("safe", draw_keys(1, 3_000, 0.0), 0, "PASS"),
        ("harm", draw_keys(2, 3_000, -0.15), 10, "FAIL"),
        ("open", draw_keys(3, 60, 0.0), 11, "INCONCLUSIVE"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        write_tables(folder / "t.duckdb", keys)
        done = run(folder, "--rules", rules(folder, ONE))
        assert done.exit_code == code, done.output
        assert done.output.startswith(f"{verdict}: b against a, {len(keys):,} examples in common")


def test_the_numbers_are_those_of_the_arrays(tmp_path) -> None:
    keys = draw_keys(4, 400, -0.03, cluster_size=4)
    write_tables(tmp_path / "t.duckdb", keys)
    text = (
        "rules:\n"
        "  - {metric: correctness, max_drop: 0.05}\n"
        "  - {metric: correctness, max_drop: 0.05, slice: domain = *}\n"
        "  - {metric: f1, max_drop: 0.05, higher_is_better: false}\n"
    )
    done = run(tmp_path, "--rules", rules(tmp_path, text), "--format", "json")
    told = json.loads(done.stdout)
    assert [rule["slice"] for rule in told["rules"]] == [
        "all", "domain = d0", "domain = d1", "domain = d2", "all",
    ]  # fmt: skip
    for rule in told["rules"]:
        chosen = [k for k in keys if rule["slice"] in ("all", f"domain = {k.domain}")]
        scale = 1.0 if rule["metric"] == "correctness" else -0.5
        clusters = sorted({k.cluster for k in chosen})
        place = np.array([clusters.index(k.cluster) for k in chosen])
        totals = np.bincount(place, [scale * k.difference for k in chosen])
        moments = moments_of(totals, np.bincount(place).astype(float))
        expected = t_evidence(moments, np.array(0.05))
        assert (rule["pairs"], rule["clusters"], rule["method"]) == (
            len(chosen), len(clusters), "t",
        )  # fmt: skip
        for name, value in (
            ("delta", moments.delta),
            ("stderr", moments.stderr),
            ("lower", expected.lower),
            ("upper", expected.upper),
            ("p_drop", expected.p_drop),
            ("p_safe", expected.p_safe),
        ):
            assert rule[name] == pytest.approx(float(value), rel=1e-9), name


def test_sums_of_the_engine_are_moments_of_its_clusters(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(5, 301, cluster_size=3))
    config = configure(str(tmp_path), str(tmp_path / "t.duckdb"), environ={})
    pair = read_pair(config, "a", "b")
    places = [("correctness", "all", "all"), ("f1", "domain", "d1")]
    moments = read_moments(config, pair, places)
    for place, clusters in read_clusters(config, pair, places).items():
        wanted = moments_of(clusters.totals, clusters.sizes, clusters.counts)
        for name in ("pairs", "clusters", "changed", "delta", "stderr", "third", "stride"):
            assert float(getattr(moments[place], name)) == pytest.approx(
                float(getattr(wanted, name)), rel=1e-9, abs=1e-15
            ), name


def test_without_rules_correctness_and_its_slices_are_watched(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(6, 2_000))
    told = json.loads(run(tmp_path, "--format", "json").stdout)
    assert [(rule["title"], rule["max_drop"], rule["is_required"]) for rule in told["rules"]] == [
        ("correctness", 0.02, True),
        ("correctness, domain = d0", 0.1, False),
        ("correctness, domain = d1", 0.1, False),
        ("correctness, domain = d2", 0.1, False),
    ]


def test_too_few_examples_are_inconclusive_whatever_they_say(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(7, 500, -0.19))
    text = "rules: [{metric: correctness, max_drop: 0.02, min_n: 501}]"
    done = run(tmp_path, "--rules", rules(tmp_path, text))
    assert done.exit_code == 11
    assert "needs 501 common examples, has 500" in done.output


def test_nothing_changed_is_decided_by_the_number_of_examples(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", [Key(0.0, f"c{n}", "d") for n in range(60)])
    done = run(tmp_path, "--rules", rules(tmp_path, ONE), "--format", "json")
    [rule] = json.loads(done.stdout)["rules"]
    assert (rule["verdict"], rule["method"], rule["pairs_to_decide"]) == (
        "INCONCLUSIVE", "exact", 63,
    )  # fmt: skip


def test_repeated_looks_bet_and_need_more(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(8, 3_000, -0.15))
    done = run(tmp_path, "--rules", rules(tmp_path, ONE), "--repeated-looks", "--format", "json")
    told = json.loads(done.stdout)
    [rule] = told["rules"]
    assert (told["verdict"], rule["method"]) == ("FAIL", "betting")
    assert rule["lower"] < rule["delta"] < rule["upper"] < -0.05


def test_an_unknown_range_is_told_where_it_is_needed(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(9, 300), scale_max=None)
    done = run(tmp_path, "--rules", rules(tmp_path, ONE), "--repeated-looks")
    assert done.exit_code == 11
    assert "range is not known: give the rule a range" in done.output


def test_markdown_and_junit_for_ci(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(10, 900, -0.15), finding="other | <settings> [x]")
    text = (
        "rules:\n  - {metric: correctness, max_drop: 0.05, name: 'a | b <c>'}\n"
        "  - {metric: f1, max_drop: 0.3}\n"
        "  - {metric: f1, max_drop: 0.05, min_n: 5000, slice: domain = d0, required: false}\n"
        "  - {metric: f1, max_drop: 0.05, min_n: 5000, slice: domain = d1}\n"
    )
    done = run(
        tmp_path,
        *("--rules", rules(tmp_path, text), "--format", "markdown"),
        *("--output", str(tmp_path / "out/gate.md"), "--junit", str(tmp_path / "ci/gate.xml")),
    )
    assert (done.exit_code, done.stdout) == (10, "")
    markdown = (tmp_path / "out/gate.md").read_text()
    assert markdown.startswith("### Gate: FAIL\n")
    assert "| FAIL | a \\| b \\<c\\> | yes | 900 |" in markdown
    assert "other \\| \\<settings\\> \\[x\\]" in markdown
    suite = ElementTree.fromstring((tmp_path / "ci/gate.xml").read_text())[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert [case[0].tag for case in suite] == ["failure", "system-out", "skipped", "error"]
    assert suite[0].get("name") == "a | b <c>"


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ("c", "a and c: this pair was not compared in the last build; run: evallake build --base"),
        ("d", "have no example in common"),
        ("bb", "bb: did you mean b. the published tables do not hold it"),
        ("a", "cannot be its own baseline"),
    ],
)
def test_a_pair_that_cannot_be_had_says_what_to_do(tmp_path, candidate: str, said: str) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(11, 50))
    done = run(tmp_path, candidate=candidate)
    assert done.exit_code == 3
    assert said.replace(". ", "? ") in done.output


def test_different_data_sets_are_refused_unless_asked_for(tmp_path) -> None:
    write_tables(tmp_path / "t.duckdb", draw_keys(12, 3_000), same_dataset=False)
    refused = run(tmp_path, "--rules", rules(tmp_path, ONE))
    assert (refused.exit_code, "different data sets" in refused.output) == (3, True)
    assert run(tmp_path, "--rules", rules(tmp_path, ONE), "--any-dataset").exit_code == 0


def test_before_a_build_and_with_a_typo_it_says_so(tmp_path) -> None:
    assert "evallake build" in run(tmp_path).output
    write_tables(tmp_path / "t.duckdb", draw_keys(13, 50))
    text = "rules:\n  - metric: corectness\n    max_drop: 0.1\n"
    done = run(tmp_path, "--rules", rules(tmp_path, text))
    assert done.exit_code == 3
    assert "line 2: metric 'corectness' is not known (did you mean 'correctness'?)" in done.output


def test_foreign_text_neither_mentions_nor_links() -> None:
    said = _escaped("@everyone see http://evil.example, www.evil.example, #1 &lt;b&gt; ~~x~~")
    for word in ("@everyone", "http://", "www.", "#1", "&lt;b", "~~x"):
        assert word not in said.replace("\\", "\\")
    assert "everyone" in said
