"""Recipes: the YAML that an evaluation job was started with.

Decides which settings of a recipe become facts of the job. Reads plain data only; nothing
in a recipe is ever executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ingest.errors import RecipeError
from ingest.formats.numbers import whole_of

_SECTIONS = ("run", "evaluation", "inference", "rl_env", "processor")
_MAX_BYTES = 1 << 20
_MOST_VALUES = 1_000_000
"""Values of a recipe once each alias stands for a copy of what it names (count)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of an evaluation recipe; None where it sets none."""

    run_name: str | None = None
    model_name: str | None = None
    """model_name_or_path, else model_type."""
    dataset_name: str | None = None
    """data_s3_path."""
    task_name: str | None = None
    strategy: str | None = None
    replicas: int | None = None
    """Instances (count)."""
    instance_type: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_new_tokens: int | None = None
    """Longest answer allowed (tokens)."""
    top_logprobs: int | None = None
    """Alternatives recorded per position (count)."""
    reasoning_effort: str | None = None
    text: str | None = None
    """The whole recipe as JSON."""


NO_RECIPE = Recipe()
"""Settings where no recipe was given."""


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        RecipeError: no such file, not YAML, not a recipe, or a setting of the wrong type.
    """
    where = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecipeError(
            f"cannot be read ({error.strerror})", where=where, do="check the path"
        ) from error
    if len(data) > _MAX_BYTES:
        raise RecipeError("too large for a recipe", where=where, do="give the recipe's YAML file")
    try:
        content = yaml.safe_load(data)
        _check_aliases(content, where)
        # dates are the one thing that plain YAML holds and JSON does not
        text = json.dumps(content, ensure_ascii=False, default=str)
        text.encode()  # YAML may escape half a surrogate pair, which no table can hold
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        raise RecipeError(
            f"not a YAML file ({problem})", where=where, do="mend it, or leave --recipe out"
        ) from error
    if not isinstance(content, dict) or not any(
        isinstance(content.get(section), dict) for section in _SECTIONS
    ):
        raise RecipeError(
            f"none of the sections {', '.join(_SECTIONS)} in it",
            where=where,
            do="give the recipe of an evaluation job",
        )
    return _recipe(content, text, where)


def _check_aliases(content: object, where: str) -> None:
    """RecipeError for aliases of aliases of aliases: a few lines that would be gigabytes of JSON."""
    counted: dict[int, int] = {}

    def values(value: object) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in counted:
            counted[id(value)] = 1  # what holds itself ends here; JSON refuses it
            inside = value.values() if isinstance(value, dict) else value
            counted[id(value)] = 1 + sum(map(values, inside))
        return counted[id(value)]

    if values(content) > _MOST_VALUES:
        raise RecipeError(
            f"its aliases stand for more than {_MOST_VALUES} values",
            where=where,
            do="write the recipe out without aliases",
        )


def _recipe(content: Mapping[str, Any], text: str, where: str) -> Recipe:
    run = _Section(content, "run", where)
    evaluation = _Section(content, "evaluation", where)
    inference = _Section(content, "inference", where)
    return Recipe(
        run_name=run.text("name"),
        model_name=run.text("model_name_or_path") or run.text("model_type"),
        dataset_name=run.text("data_s3_path"),
        task_name=evaluation.text("task"),
        strategy=evaluation.text("strategy"),
        replicas=run.integer("replicas", least=1),
        instance_type=run.text("instance_type"),
        temperature=inference.number("temperature"),
        top_p=inference.number("top_p"),
        top_k=inference.integer("top_k", least=-1),
        max_new_tokens=inference.integer("max_new_tokens", least=1),
        top_logprobs=inference.integer("top_logprobs", least=0),
        reasoning_effort=inference.text("reasoning_effort"),
        text=text,
    )


class _Section:
    """One section of a recipe, read with types checked."""

    def __init__(self, content: Mapping[str, Any], name: str, where: str) -> None:
        section = content.get(name)
        if section is not None and not isinstance(section, dict):
            raise RecipeError(f"{name} is not a section", where=where, do="mend the recipe")
        self._values: dict[str, Any] = section or {}
        self._name = name
        self._where = where

    def text(self, key: str) -> str | None:
        """A text setting; None where it is absent, null or empty."""
        value = self._values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, dict | list):
            raise self._wrong(key, "text")
        return str(value)

    def number(self, key: str) -> float | None:
        """A number, also where it was quoted."""
        value = self._values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self._wrong(key, "a number")
        try:
            return float(value)
        except (ValueError, OverflowError):
            raise self._wrong(key, "a number") from None

    def integer(self, key: str, *, least: int) -> int | None:
        """A whole number not below `least`."""
        value = self.number(key)
        if value is None:
            return None
        whole = whole_of(value)
        if whole is None or whole < least:
            raise self._wrong(key, f"a whole number from {least} on")
        return whole

    def _wrong(self, key: str, wanted: str) -> RecipeError:
        return RecipeError(
            f"{self._name}.{key} is {self._values[key]!r}, not {wanted}",
            where=self._where,
            do="mend the recipe",
        )
