"""What the README shows is what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from evallake.cli import cli
from tests.fixtures.shared_demo import SharedDemo

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line[2:] for block in CONSOLE for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("line", [c for c in COMMANDS if c.startswith("evallake ")])
def test_commands_and_their_options_exist(line: str) -> None:
    _, verb, *words = line.split()
    command = cli.commands[verb]
    known = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("line", [c for c in COMMANDS if c.startswith("make ")])
def test_make_targets_exist(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{line.split()[1]}:", makefile, flags=re.MULTILINE)


def _run(folder: str, *words: str, status: int = 0) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVALLAKE_")}
    done = subprocess.run(
        [sys.executable, "-m", "evallake", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def test_the_demo_ends_as_shown(wheel_demo: SharedDemo) -> None:
    [shown] = [b for b in re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL) if "AUROC" in b]
    printed = {line.rstrip() for line in wheel_demo.stdout.splitlines()}
    assert [line for line in shown.splitlines() if line.rstrip() not in printed] == []


def test_questions_answer_as_shown(wheel_demo: SharedDemo) -> None:
    blocks = [block for block in CONSOLE if block.startswith("$ evallake query ")]
    for block in blocks:
        command, *shown = block.splitlines()
        if not shown:
            continue
        printed = _run(wheel_demo.folder, "--root", "demo/lake", *command.split()[2:]).splitlines()
        assert [line for line in shown if line.rstrip() not in {p.rstrip() for p in printed}] == []
        assert len(shown) > 1


def test_the_gate_decides_as_shown(wheel_demo: SharedDemo) -> None:
    [block] = [block for block in CONSOLE if block.startswith("$ evallake gate ")]
    command, *shown = block.splitlines()
    said = _run(wheel_demo.folder, "--root", "demo/lake", *command.split()[2:], status=11)
    printed = {line.rstrip() for line in said.splitlines()}
    assert [line for line in shown if line.rstrip() not in printed] == []
