"""One SQL text for both engines: what only one of them reads, or reads differently, is banned.

Models are compiled as Athena would get them, offline, and looked at as tokens and syntax trees.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import sqlglot
import yaml

from evallake.engines.duckdb import DISTRIBUTIONS, PRELUDE
from tests.athena.parity.sheets.all import QUERIES as PROVEN_QUERIES
from tests.athena.parity.sheets.all import REFUSALS, SHEETS
from tests.fixtures.dbt import Dbt
from tests.fixtures.macros import MACROS, render
from tests.rules.portability import functions_called, problems
from tests.rules.sql_functions import INSTEAD, PORTABLE
from tests.rules.sql_tree import MODELS, QUERIES, name_of, without_comments
from tests.rules.tree import ROOT

STATISTICS = sorted((ROOT / "tests/unit/statistics").glob("test_*.py"))
TWINS = ROOT / "tests/athena/statistics"
RUN_ON_BOTH = [path for path in STATISTICS if (TWINS / path.name).is_file()]
ONE_ENGINE_WILL_DO = {
    "test_coverage",  # simulates intervals; the macros in it are proven elsewhere
    "test_estimates",  # builds a chain of models; the models are compared row by row
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models as Athena would get them; no account and no network are needed."""
    dbt = Dbt(tmp_path_factory.mktemp("compiled"))
    dbt(
        *("compile", "--target", "athena", "--no-populate-cache", "--no-introspect"),
        EVALLAKE_ROOT="s3://bucket/lake",
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_REGION="us-east-1",
    )
    return dbt.compiled


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_models_are_portable(model: Path, compiled: Path) -> None:
    assert_portable((compiled / name_of(model)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("query", QUERIES, ids=name_of)
def test_questions_are_portable(query: Path) -> None:
    assert_portable(query.read_text(encoding="utf-8"))


def assert_portable(sql: str) -> None:
    """Fail with what is wrong, and what to write instead."""
    assert not problems(sql)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a / b from t", "a division of what may be whole numbers"),
        ("select cast(a as integer) / 2 from t", "a division of what may be whole numbers"),
        ("select sum(a) / count(*) from t", "a division of what may be whole numbers"),
        ("select a * 1.5 from t", "1.5 is a decimal on one engine: write 1.5e0"),
        ("select cast(a as decimal(10, 2)) from t", "decimal"),
        ("select a::double from t", "::"),
        ("select filter(a, x -> x > 1) from t", "->"),
        ("select a->>'$.b' from t", "->>"),
        ("select a from t where true qualify row_number() over (order by job_id asc) = 1", ""),
        ("select list_sum(a) from t", "list_sum(): unnest and sum"),
        ("select len(a) from t", "len() is not known"),
        ("select array_length(a) from t", "array_length() is not known"),
        ("select median(a) from t", "median():"),
        ("select md5(a) from t", "md5(): the macro md5_hex"),
        ("select to_hex(md5(to_utf8(a))) from t", "md5(): the macro md5_hex"),
        ("select count_if(a > 1) from t", "count_if():"),
        ("select max_by(a, b) from t", "max_by(): row_number()"),
        ("select concat(a, b) from t", "concat(): ||"),
        ("select upper(a) from t", "upper(): lower"),
        ("select trim(a) from t", "trim():"),
        ("select a from t where a ilike 'x'", "ilike"),
        ("select a // b from t", "//"),
        ("select a % 2 from t", "%: mod(a, b)"),
        ("select a[1] from t", "element_at"),
        ("select struct_pack(a := 1) from t", ""),
        ("select {'a': 1} as s", ""),
        ("select a from t tablesample bernoulli (10)", ""),
        ("select try_cast(a as integer) from t", "one engine takes '1.5e3'"),
        ("select cast(a * 1e0 as bigint) from t", "halves are rounded differently"),
        ("select cast(a * 1e0 as varchar) from t", "engines write doubles differently"),
        ("select a from t where '1' = 1", "a text beside a number"),
        ("select a from t where a * 1e0 > '1'", "a text beside a number"),
        ("with recursive r as (select 1 as a) select a from r", "recursion"),
        ("select u.a, u.b from t cross join unnest(t.r) as u(a, b)", "one array of single values"),
        ("select u.a from t cross join unnest(t.r, t.s) as u(a, b)", "one array of single values"),
        ("select * exclude (a) from t", ""),
        ("select distinct on (a) a, b from t", ""),
        ("select a, count(*) from t group by all", "group by all"),
        ("select a from t semi join s on t.a = s.a", ""),
        ("select lag(a) ignore nulls over (order by job_id asc) from t", "ignore nulls"),
        ("select listagg(a, ',') within group (order by job_id asc) from t", "listagg"),
        ("select rank() over (order by a desc) from t", "say nulls first or nulls last"),
        ("select rank() over (partition by b order by a) from t", "say asc or desc"),
        ("select array_agg(a order by b asc) from t", "say nulls first or nulls last"),
        ("select a from t order by a asc", "say nulls first or nulls last"),
        ("select a from t order by job_id asc, a desc", "say nulls first or nulls last"),
        ("select a from t order by 1", "say asc or desc"),
        ("select row_number() over () from t", "in the order of the engine's choice"),
        ("select lag(a) over (partition by b) from t", "in the order of the engine's choice"),
        ("select array_agg(a) from t", "in the order of the engine's choice"),
        ("select any_value(a) from t", "any_value(): min or max"),
        ("select a from t limit 3", "a limit without order by"),
        ("select cast(array[row(1)] as array(row(n integer))) from t", ""),
    ],
)
def test_the_rules_bite(sql: str, reason: str) -> None:
    found = problems(sql)
    assert found
    assert reason in " ".join(found)


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(a as double) / nullif(cast(b as double), 0e0) from t",
        "select cast(floor(a * 2e0 + 0.5e0) as bigint) from t",
        "select cast((a - mod(a, b)) / cast(b as double) as bigint) from t",
        "select array_join(array_agg(a order by b asc nulls last, job_id desc), ',') from t",
        "select u.e, u.o from t cross join unnest(t.a) with ordinality as u(e, o)",
        "select lower(to_hex(md5(to_utf8(a)))) from t",
        "select array_join(array_sort(array_distinct(array_agg(a))), ',') from t",
        "select a from t order by a asc nulls last limit 3",
        "select sum(a) over (order by job_id asc rows between 1 preceding and current row) from t",
        "select try_cast(case when regexp_like(a, '^[0-9]+$') then a end as bigint) from t",
    ],
)
def test_what_is_portable_passes(sql: str) -> None:
    assert not problems(sql)


def test_every_function_that_is_allowed_is_proven_on_both_engines() -> None:
    texts = [
        *(sheet.statement() for sheet in SHEETS),
        *(query.sql for query in PROVEN_QUERIES),
        *(f"select {refusal.expression}" for refusal in REFUSALS),
    ]
    called: set[str] = {"md5_hex"}
    for text in texts:
        called.update(_called(render(text, "athena")))
    called -= {"to_hex", "md5"}  # only in what md5_hex becomes
    assert called == PORTABLE
    assert not PORTABLE & INSTEAD.keys()


def test_every_function_that_duckdb_is_given_is_proven_on_both_engines() -> None:
    given = set(re.findall(r"create or replace macro (\w+)", PRELUDE.read_text(encoding="utf-8")))
    given |= {distribution.name for distribution in DISTRIBUTIONS}
    assert given <= PORTABLE


@pytest.mark.parametrize(
    "macro",
    [path for path in MACROS if path.parent.name in {"answers", "statistics"}],
    ids=name_of,
)
def test_every_macro_that_decides_a_value_is_proven_on_both_engines(macro: Path) -> None:
    cases = [
        *(sheet.statement() for sheet in SHEETS),
        *(query.sql for query in PROVEN_QUERIES),
        *(path.read_text(encoding="utf-8") for path in RUN_ON_BOTH),
    ]
    names = _with_callers(macro.stem)
    assert any(f"{name}(" in case for case in cases for name in names), (
        f"give {macro.stem} cases in tests/athena/parity/sheets/macros.py, or in a test of"
        " tests/unit/statistics that tests/athena/statistics repeats"
    )


@pytest.mark.parametrize("test", STATISTICS, ids=name_of)
def test_every_test_of_a_statistical_macro_runs_on_both_engines(test: Path) -> None:
    if test.stem in ONE_ENGINE_WILL_DO or "(run" not in test.read_text(encoding="utf-8"):
        return
    assert (TWINS / test.name).is_file(), f"repeat it: tests/athena/statistics/{test.name}"


_text_of = cache(without_comments)


def _with_callers(name: str) -> set[str]:
    """A macro's name, and those of the macros whose text calls it."""
    found = {name}
    while True:
        calls = re.compile(rf"\b({'|'.join(found)})\(")
        more = {
            path.stem for path in MACROS if path.stem not in found and calls.search(_text_of(path))
        }
        if not more:
            return found
        found |= more


def _called(sql: str) -> set[str]:
    return set(functions_called(sqlglot.tokenize(sql, read="trino")))


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_a_model_that_overwrites_partitions_names_them(model: Path) -> None:
    configured = _configured(model)
    assert not overwrites_everything(without_comments(model), configured)


@pytest.mark.parametrize(
    ("text", "configured"),
    [
        ("{{ config(incremental_strategy='insert_overwrite') }} select 1", {}),
        ("select 1", {"+incremental_strategy": "insert_overwrite"}),
    ],
)
def test_overwriting_without_partitions_is_found(text: str, configured: dict[str, str]) -> None:
    assert overwrites_everything(text, configured)
    assert not overwrites_everything(f"{{{{ config(partitioned_by=['a']) }}}} {text}", configured)


def overwrites_everything(text: str, configured: dict[str, str]) -> bool:
    """Whether a model says insert_overwrite but not of what: dbt-athena would append instead."""
    strategy = configured.get("+incremental_strategy", "")
    return "insert_overwrite" in f"{text} {strategy}" and not re.search(r"partitioned_by\s*=", text)


def _configured(model: Path) -> dict[str, str]:
    """What dbt_project.yml says of a model's folders, the innermost last."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    level = project["models"]["evallake"]
    found: dict[str, str] = {}
    for folder in ["", *model.relative_to(ROOT / "models").parent.parts]:
        level = level.get(folder, {}) if folder else level
        found |= {key: value for key, value in level.items() if key.startswith("+")}
    return found
