"""The rules of a gate: which metric may drop by how much, where. Read from YAML, line by line.

    rules:
      - metric: correctness          # or  field: class
        max_drop: 0.02               # on the metric's own scale
        slice: domain = billing      # or all (the default), or  domain = *  for each value
        min_n: 100                   # fewer common examples: INCONCLUSIVE
        required: true               # INCONCLUSIVE holds up the whole gate

A word that is not known is refused with its line, the words there are and the nearest one. What a
rule comes to is decided in `deciding`; nothing here reads a table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evallake.errors import RulesError

KEYS = (
    "name", "metric", "field", "slice", "max_drop", "min_n", "required", "higher_is_better", "range",
)  # fmt: skip
ALL = "all"
EACH = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that must not get worse."""

    metric: str
    """As in mart_model_deltas; a field is `field:<path>`."""
    max_drop: float
    """Largest tolerated drop, above 0, on the metric's own scale."""
    slice_key: str = ALL
    slice_value: str = ALL
    """`*` stands for every value of the key, a rule each."""
    min_n: int = 1
    """Common examples below which the rule is INCONCLUSIVE whatever they say (count of keys)."""
    is_required: bool = True
    higher_is_better: bool | None = None
    """None: as the jobs declare it."""
    span: float | None = None
    """Largest possible difference; None: as the jobs declare it."""
    name: str | None = None
    where: str | None = None
    """File and line, for errors; None for rules that nobody wrote."""

    @property
    def slice_name(self) -> str:
        """The slice in words."""
        return ALL if self.slice_key == ALL else f"{self.slice_key} = {self.slice_value}"

    @property
    def title(self) -> str:
        """What the rule is called in a result."""
        if self.name is not None:
            return self.name
        return self.metric if self.slice_key == ALL else f"{self.metric}, {self.slice_name}"


DEFAULT_RULES = (
    Rule(metric="correctness", max_drop=0.02),
    Rule(
        metric="correctness",
        max_drop=0.1,
        slice_key=EACH,
        slice_value=EACH,
        min_n=50,
        is_required=False,
    ),
)
"""Where no file is given: correctness may drop by 2 points, and by 10 in any slice of metadata that
has 50 examples."""


def unknown(what: str, word: str, known: Iterable[str], *, where: str | None) -> RulesError:
    """The error for a word that is not known: what there is, and the nearest."""
    choices = sorted(set(known))
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.4)
    guess = f" (did you mean {near[0]!r}?)" if near else ""
    shown = ", ".join(choices[:40]) + (f" and {len(choices) - 40} more" if choices[40:] else "")
    return RulesError(
        f"{what} {word!r} is not known{guess}", where=where, do=f"valid are: {shown or 'none'}"
    )


def read_rules(file: Path) -> tuple[Rule, ...]:
    """The rules in a YAML file.

    Raises:
        RulesError: the file cannot be read, or a line of it is not what a rule may say.
    """
    import yaml

    do = "see docs/gate.md for what a rule may say"
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"cannot be read: {error}", where=str(file), do=do) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}, line {mark.line + 1}" if mark is not None else str(file)
        problem = getattr(error, "problem", None) or error
        raise RulesError(f"is not YAML: {problem}", where=where, do=do) from error
    return _rules_of(root, file)


def _rules_of(root: Any, file: Path) -> tuple[Rule, ...]:
    import yaml

    listed = root
    if isinstance(root, yaml.MappingNode):
        entries = _entries(root, ("rules",), file)
        listed = entries.get("rules")
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        raise RulesError(
            "holds no list of rules", where=str(file), do="begin it with: rules: and a list"
        )
    rules = tuple(_rule_of(node, file) for node in listed.value)
    seen: dict[tuple[str, str, str], str | None] = {}
    for rule in rules:
        key = (rule.metric, rule.slice_key, rule.slice_value)
        if key in seen:
            raise RulesError(
                f"{rule.metric} of {rule.slice_name} has a rule already, in {seen[key]}",
                where=rule.where,
                do="keep one of them",
            )
        seen[key] = rule.where
    return rules


def _line(node: Any, file: Path) -> str:
    return f"{file}, line {node.start_mark.line + 1}"


def _entries(node: Any, known: tuple[str, ...], file: Path) -> dict[str, Any]:
    """The value nodes of a mapping by their keys, all of them known and none twice."""
    entries: dict[str, Any] = {}
    for key, value in node.value:
        word = str(key.value)
        if word not in known:
            raise unknown("key", word, known, where=_line(key, file))
        if word in entries:
            raise RulesError(f"{word} is said twice", where=_line(key, file), do="keep one")
        entries[word] = value
    return entries


def _rule_of(node: Any, file: Path) -> Rule:
    import yaml

    where = _line(node, file)
    if not isinstance(node, yaml.MappingNode):
        raise RulesError("is no rule", where=where, do="write it as metric: and max_drop:")
    entries = _entries(node, KEYS, file)
    if ("metric" in entries) == ("field" in entries):
        raise RulesError("names no one metric", where=where, do="give either metric or field")
    if "max_drop" not in entries:
        raise RulesError("has no max_drop", where=where, do="say by how much it may drop")
    if "metric" in entries:
        metric = _text(entries["metric"], "metric", file)
    else:
        metric = f"field:{_text(entries['field'], 'field', file)}"
    key, value = _slice(entries["slice"], file) if "slice" in entries else (ALL, ALL)
    drop = _number(entries["max_drop"], "max_drop", file)
    if not drop > 0:
        raise RulesError(
            f"max_drop is {drop:g}",
            where=_line(entries["max_drop"], file),
            do="give a number above 0: nothing shows that a drop is exactly 0",
        )
    return Rule(
        metric=metric,
        max_drop=drop,
        slice_key=key,
        slice_value=value,
        min_n=_count(entries["min_n"], file) if "min_n" in entries else 1,
        is_required=_flag(entries, "required", True, file) is not False,
        higher_is_better=_flag(entries, "higher_is_better", None, file),
        span=_span(entries["range"], file) if "range" in entries else None,
        name=_text(entries["name"], "name", file) if "name" in entries else None,
        where=where,
    )


def _value(node: Any) -> Any:
    """The plain value of a node, as YAML reads it."""
    import yaml

    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _text(node: Any, key: str, file: Path) -> str:
    value = _value(node)
    if not isinstance(value, str) or not value.strip():
        raise RulesError(f"{key} is no text", where=_line(node, file), do=f"give {key} a name")
    return value.strip()


def _number(node: Any, key: str, file: Path) -> float:
    value = _value(node)
    if isinstance(value, str):
        with suppress(ValueError):  # YAML 1.1 takes 1e-2 for a word
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        raise RulesError(f"{key} is no number", where=_line(node, file), do="write 0.02, say")
    return float(value)


def _count(node: Any, file: Path) -> int:
    value = _value(node)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise RulesError(
        "min_n is no count", where=_line(node, file), do="give a whole number from 1 on"
    )


def _flag(entries: dict[str, Any], key: str, default: bool | None, file: Path) -> bool | None:
    if key not in entries:
        return default
    value = _value(entries[key])
    if not isinstance(value, bool):
        raise RulesError(
            f"{key} is neither true nor false", where=_line(entries[key], file), do="write one"
        )
    return value


def _span(node: Any, file: Path) -> float:
    value = _value(node)
    numbers = isinstance(value, list) and len(value) == 2
    if not numbers or not all(isinstance(v, int | float) for v in value) or not value[0] < value[1]:
        raise RulesError(
            "range is no pair of numbers", where=_line(node, file), do="write range: [0, 1]"
        )
    return float(value[1] - value[0])


def _slice(node: Any, file: Path) -> tuple[str, str]:
    """`all`, `key = value`, or a mapping of one key to its value."""
    value = _value(node)
    if isinstance(value, dict) and len(value) == 1:
        [(key, member)] = value.items()
        return str(key).strip(), str(member).strip()
    if value == ALL:
        return ALL, ALL
    if isinstance(value, str) and "=" in value:
        key, _, member = value.partition("=")
        if key.strip() and member.strip():
            return key.strip(), member.strip()
    raise RulesError(
        f"slice {value!r} is no slice",
        where=_line(node, file),
        do="write all, key = value, or key = * for every value of the key",
    )
