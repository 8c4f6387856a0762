"""What the rule tests read: the files git knows or would add, once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files under version control, and new ones that are not ignored, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return tuple(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


def python_files(*tops: str) -> list[Path]:
    """Python files below the named top folders."""
    return [path for path in tracked_files() if path.suffix == ".py" and path.parts[0] in tops]


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file given relative to the root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imported_modules(path: Path, *, lazily: bool = True) -> set[str]:
    """Full names of the modules a file imports; without `lazily`, only those it needs to load."""
    package = list(path.with_suffix("").parts[:-1])
    names: set[str] = set()
    for node in ast.walk(tree_of(path)) if lazily else _run_at_import(tree_of(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def _run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes outside of function bodies and of what only the type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _run_at_import(node)
