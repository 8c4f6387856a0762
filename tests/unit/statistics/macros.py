"""The statistical macros and models as plain SQL: rendered as dbt would, without starting dbt.

A model is referred to by its bare name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROOT = Path(__file__).resolve().parents[3]


_WHICH_ROWS = (
    "of_changed_loads",
    "of_compared_loads",
    "of_changed_slices",
    "not_kept_yet",
    "forget_parts",
    "kept_table",
    "config",
)
"""Macros that only say which rows a build has to compute, and what becomes of them."""


class CompilationError(Exception):
    """What dbt raises for `exceptions.raise_compiler_error`."""


class _Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> str:
        raise CompilationError(message)


@cache
def _project_variables() -> dict[str, Any]:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(project["vars"])


@cache
def _all_macros() -> str:
    folders = (ROOT / "macros/statistics", ROOT / "macros/statements")
    paths = [path for folder in folders for path in sorted(folder.glob("*.sql"))]
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def render(sql: str, **variables: object) -> str:
    """`sql` with the statistical macros expanded; `variables` override the project's."""
    values = {**_project_variables(), **variables}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"])
    # the one engine of these tests; dbt dispatches it
    environment.globals["md5_hex"] = lambda text: f"md5({text})"
    for name in _WHICH_ROWS:  # everything is new here
        environment.globals[name] = lambda *_, **__: ""
    template = environment.from_string(_all_macros() + sql)
    return template.render(var=values.__getitem__, exceptions=_Exceptions, ref=str)
