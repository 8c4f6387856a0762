"""The file that says where a rig is: lines of `export NAME=value`, readable by shells and by us.

It exists exactly while the rig answers: written in one step once everything is up, removed first.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Writes the file in one step."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    draft = path.with_name(path.name + ".draft")
    draft.write_text("".join(lines), encoding="utf-8")
    draft.replace(path)


def read_environment(path: Path) -> dict[str, str]:
    """The variables of the file."""
    words = shlex.split(path.read_text(encoding="utf-8"), comments=True)
    pairs = (word.partition("=") for word in words if word != "export")
    return {name: value for name, _, value in pairs}
