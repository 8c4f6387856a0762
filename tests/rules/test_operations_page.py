"""The page on operations names what there is: variables, exit codes, messages, verbs."""

from __future__ import annotations

import re
from functools import cache

import click

from evallake.cli import EXIT_CODES, cli
from tests.rules.tree import ROOT

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"EVALLAKE_[A-Z0-9_]+")


def section(title: str) -> str:
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    return text


@cache
def sources() -> str:
    """Everything that may hold a message or read a variable."""
    folders = ("evallake", "ingest", "models", "macros")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*"))]
    files = [path for path in files if path.suffix in {".py", ".sql", ".yml"}]
    return "\n".join(p.read_text(encoding="utf-8") for p in [*files, ROOT / "profiles.yml"])


def variables_of_options() -> set[str]:
    own = {
        f"EVALLAKE_{parameter.name}".upper()
        for parameter in cli.params
        if isinstance(parameter, click.Option) and parameter.name not in {"help", "version"}
    }
    given = {
        parameter.envvar
        for command in cli.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
    }
    return own | given


def test_every_variable_is_on_the_page_and_exists() -> None:
    rows = [line for line in section("Variables").splitlines() if line.startswith("| `")]
    told = set(VARIABLE.findall("\n".join(rows)))
    assert told == variables_of_options() | set(VARIABLE.findall(sources()))


def test_every_exit_code_is_on_the_page() -> None:
    told = re.findall(r"^\| (\d+) \|", section("Exit codes"), flags=re.MULTILINE)
    assert sorted(told, key=int) == sorted(re.findall(r"\b\d+\b", EXIT_CODES), key=int)


def test_every_message_is_one_that_can_be_met() -> None:
    rows = [line for line in section("What to do when").splitlines() if line.startswith("| `")]
    messages = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(messages) > 20
    assert [message for message in messages if message not in sources()] == []


def test_every_command_exists() -> None:
    for verb in re.findall(r"\bevallake ([a-z]+)\b", PAGE):
        assert verb in cli.commands, verb
