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
            "build_digest",
            "fact_partitions",
            "join",
            "format",
            "replace",
            "follows_schema",  # build_digest covers what it renders
            "raise_compiler_error",
        }, called


def _jinja(path: Path) -> list[str]:
    return re.findall(r"\{[{%](.*?)[%}]\}", without_comments(path), re.DOTALL)
