"""Every model says what a row is, has its YAML, and names no engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ingest.tables import TABLES
from tests.rules.sql_tree import (
    MACROS,
    MODELS,
    PORTABLE,
    QUERIES,
    declaration,
    name_of,
    without_comments,
)
from tests.rules.tree import ROOT

KEPT = {path.stem for path in MODELS if "kept_table(" in path.read_text(encoding="utf-8")}
STAGING = [path for path in MODELS if path.parent.name == "staging"]
FACTS = [path for path in MODELS if path.parent.name == "facts"]
ENGINES = re.compile(r"target\.type|adapter\.dispatch|\b(duckdb|athena|trino|presto)\w*", re.I)


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_a_model_opens_with_its_grain(model: Path) -> None:
    first = model.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- Grain: one row per \S", first)
    assert "Grain: one row per" in " ".join(str(declaration(model)["description"]).split())


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_a_model_describes_every_column(model: Path) -> None:
    for column in declaration(model)["columns"]:  # type: ignore[attr-defined]
        assert column.get("description", "").strip(), column["name"]
        if "staging" not in model.parts:
            assert column.get("data_type"), f"{column['name']} has no data_type"


@pytest.mark.parametrize("path", [*MODELS, *MACROS, *QUERIES], ids=name_of)
def test_engines_are_named_in_the_portable_macros_alone(path: Path) -> None:
    if PORTABLE in path.parents:
        return
    assert not ENGINES.search(without_comments(path))


@pytest.mark.parametrize("path", [*MODELS, *MACROS, *QUERIES], ids=name_of)
def test_casts_are_spelled_out(path: Path) -> None:
    assert "::" not in without_comments(path)


@pytest.mark.parametrize("path", [*MODELS, *QUERIES], ids=name_of)
def test_lines_fit_a_page(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= 100 or "{{" in line, f"{name_of(path)}:{number}"


@pytest.mark.parametrize("macro", sorted(PORTABLE.glob("*.sql")), ids=name_of)
def test_a_portable_macro_refuses_other_engines(macro: Path) -> None:
    text = macro.read_text(encoding="utf-8")
    for engine in ("duckdb", "athena", "default"):
        assert f"macro {engine}__{macro.stem}(" in text
    refusal = text.split(f"macro default__{macro.stem}(")[1]
    assert "raise_compiler_error" in refusal


@pytest.mark.parametrize("query", QUERIES, ids=name_of)
def test_questions_are_plain_sql(query: Path) -> None:
    assert not re.search(r"\{\{|\{%", query.read_text(encoding="utf-8"))


def test_every_lake_table_is_staged_once() -> None:
    assert {path.stem for path in STAGING} == {f"stg_lake__{name}" for name in TABLES}
    sources = yaml.safe_load((ROOT / "models/staging/_lake__sources.yml").read_text())
    assert [table["name"] for table in sources["sources"][0]["tables"]] == list(TABLES)


@pytest.mark.parametrize("model", STAGING, ids=name_of)
def test_staging_has_the_registrys_flat_columns(model: Path) -> None:
    table = TABLES[model.stem.removeprefix("stg_lake__")]
    wanted = [column.name for column in table.columns if not column.is_nested]
    if table.is_large:
        wanted += ["job_id", "load_id"]
    declared = [column["name"] for column in declaration(model)["columns"]]  # type: ignore[attr-defined]
    assert declared == wanted


@pytest.mark.parametrize("model", STAGING, ids=name_of)
def test_staging_reads_one_table_and_the_pin(model: Path) -> None:
    text = without_comments(model)
    table = model.stem.removeprefix("stg_lake__")
    assert re.findall(r"source\('lake', '(\w+)'\)", text) == [table]
    pinned = [] if table in {"loads", "current_loads"} else ["stg_lake__current_loads"]
    assert re.findall(r"ref\('(\w+)'\)", text) == pinned


@pytest.mark.parametrize("model", [m for m in MODELS if m not in STAGING], ids=name_of)
def test_only_staging_reads_the_lake(model: Path) -> None:
    assert "source(" not in without_comments(model)


@pytest.mark.parametrize("model", FACTS, ids=name_of)
def test_a_fact_takes_every_import_load_by_load(model: Path) -> None:
    text = without_comments(model)
    for line in text.splitlines():
        if "ref('" in line and "int_task_rules" not in line:
            assert "{{ of_new_loads() }}" in line, line
    assert "{{ build_digest() }} as build_digest" in text
    columns = [column["name"] for column in declaration(model)["columns"]]  # type: ignore[attr-defined]
    assert columns[-3:] == ["build_digest", "job_id", "load_id"]


@pytest.mark.parametrize("model", FACTS, ids=name_of)
def test_a_facts_values_come_from_no_macro(model: Path) -> None:
    # build_digest sees a model's text and variables, not the text of the macros it calls
    rules = ROOT / "models" / "intermediate" / "int_task_rules.sql"
    for path in (model, rules):
        called = set(re.findall(r"\b([a-z_]+)\(", " ".join(_jinja(path))))
        assert called <= {
            "ref",
            "var",
            "config",
            "of_new_loads",
            "of_changed_loads",
            "build_digest",
            "fact_partitions",
            "join",
            "format",
            "replace",
            "follows_schema",  # build_digest covers what it renders
            "raise_compiler_error",
        }, called


# built whole: what says which rows are new, and marts that are not kept
WHOLE = {"int_changed_loads", "int_changed_pairs", "int_pair_requests"} | {
    path.stem for path in MODELS if "marts" in path.parts and path.stem not in KEPT
}
# tables that hold more than a build computes, and what says which of their rows it needs
FILTERS = re.compile(r"\{\{ of_(changed_loads|compared_loads|changed_slices|new_loads)\(")
OTHERS_TOO = {"int_example_slices", "int_example_outcomes"}
JOINED = {
    # to fits and totals, which are of changed slices alone
    ("int_recalibration_bins", "int_example_slices"),
    ("int_recalibration_outcomes", "int_example_slices"),
    ("int_calibrated_confidence", "int_example_outcomes"),
    # every example of a compared job is some slice's or pair's
    ("int_outcomes", "int_example_outcomes"),
    ("int_slices", "int_example_outcomes"),
    ("int_pair_key_cells", "int_example_slices"),
    ("int_pair_cell_slices", "int_example_slices"),
    # by the number of a changed pair
    ("int_pair_differences", "int_job_pairs"),
    ("int_pair_estimates", "int_job_pairs"),
    ("mart_example_deltas", "int_job_pairs"),
    ("mart_model_deltas", "int_job_pairs"),
    ("mart_slice_deltas", "int_job_pairs"),
    # small, and by the id of a job that is changed
    ("int_recomputed_metrics", "stg_lake__jobs"),
}


@pytest.mark.parametrize(
    "model",
    [m for m in MODELS if m not in STAGING and m not in FACTS and m.stem not in WHOLE],
    ids=name_of,
)
def test_a_table_that_is_not_built_whole_takes_changed_rows_alone(model: Path) -> None:
    kept = {f.stem for f in FACTS} | KEPT | {s.stem for s in STAGING} | OTHERS_TOO
    kept -= {"stg_lake__current_loads", *WHOLE}
    for block in re.split(r"\n\)", without_comments(model)):
        for name in re.findall(r"ref\('(\w+)'\)", block):
            if name in kept and (model.stem, name) not in JOINED:
                assert FILTERS.search(block), f"every row of {name} is read"


def test_kept_tables_are_known_by_job_or_by_pair() -> None:
    for model in MODELS:
        if model.stem in KEPT:
            columns = {column["name"] for column in declaration(model)["columns"]}  # type: ignore[attr-defined]
            by_pair = "comparison" in model.parts
            assert ({"baseline_job_id", "candidate_job_id"} if by_pair else {"job_id"}) <= columns


def _jinja(path: Path) -> list[str]:
    return re.findall(r"\{[{%](.*?)[%}]\}", without_comments(path), re.DOTALL)
