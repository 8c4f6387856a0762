"""Damage to a job's output as a whole: files lost, renamed, swapped, put elsewhere, or changed."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.mutation import archives, documents, raw_bytes, tables, words

_STAMPS = ("2025-11-06T17-58-52.783156+00-00", "2025-11-06T17-58-53.000000", "9999-99-99T99-99-99")
_Change = Callable[[Path, random.Random], str]


def mutate(folder: Path, chance: random.Random) -> tuple[Path, str]:
    """Damages the output in `folder`; the source to ingest, and what was done.

    Args:
        folder: a copy of a whole output, alone in its parent folder.
        chance: decides everything.
    """
    done = [chance.choice(_CHANGES)(folder, chance) for _ in range(chance.choice([1, 1, 2, 4]))]
    if chance.random() < 0.25:
        ending = chance.choice([".tar.gz", ".tgz", ".tar"])
        archive = folder.parent / f"output{ending}"
        archive.write_bytes(archives.pack(folder, chance))
        return archive, ", ".join([*done, "packed"])
    files = _files(folder)
    if files and chance.random() < 0.05:
        return chance.choice(files), ", ".join([*done, "one file alone"])
    return folder, ", ".join(done)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _one(folder: Path, chance: random.Random, *endings: str) -> Path | None:
    found = [path for path in _files(folder) if not endings or path.name.endswith(endings)]
    return chance.choice(found) if found else None


def _changed_bytes(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance)
    if path is None:
        return "nothing left"
    damage = chance.choice(raw_bytes.ANY)
    path.write_bytes(damage(path.read_bytes(), chance))
    return f"{damage.__name__} {path.name[:60]!r}"


def _changed_document(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance, ".json")
    if path is None:
        return "no document"
    path.write_bytes(documents.document(path.read_bytes(), chance))
    return f"document {path.name[:60]!r}"


def _changed_lines(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance, ".jsonl")
    if path is None:
        return _changed_document(folder, chance)
    path.write_bytes(documents.lines(path.read_bytes(), chance))
    return f"lines {path.name[:60]!r}"


def _changed_table(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance, ".parquet")
    if path is None:
        return _changed_document(folder, chance)
    path.write_bytes(tables.table(path.read_bytes(), chance))
    return f"table {path.name[:60]!r}"


def _deleted(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance)
    if path is None:
        return "nothing left"
    path.unlink()
    return f"deleted {path.name[:60]!r}"


def _swapped(folder: Path, chance: random.Random) -> str:
    """Two files with each other's content."""
    files = _files(folder)
    if len(files) < 2:
        return "too few to swap"
    one, other = chance.sample(files, 2)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    return f"swapped {one.name[:60]!r} {other.name[:60]!r}"


def _copied(folder: Path, chance: random.Random) -> str:
    """A file a second time, under another name or in another place."""
    path = _one(folder, chance)
    if path is None:
        return "nothing left"
    target = _elsewhere(path, chance)
    if target.exists():
        return "copy is there"
    shutil.copy(path, target)
    return f"copied to {target.name[:60]!r}"


def _renamed(folder: Path, chance: random.Random) -> str:
    path = _one(folder, chance)
    if path is None:
        return "nothing left"
    target = _elsewhere(path, chance)
    if target.exists():
        return "name is taken"
    path.rename(target)
    return f"renamed to {target.name[:60]!r}"


def _elsewhere(path: Path, chance: random.Random) -> Path:
    word = chance.choice(words.NAMES).replace("/", "-")
    stamp = chance.choice(_STAMPS)
    ending = path.suffix
    name = chance.choice(
        [
            f"results_{stamp}.json",
            f"results_{word}.json",
            "metrics.json",
            "bedrock_llm_judge_results.json",
            "inference_output.jsonl",
            f"inference_output{word}.jsonl",
            f"{word}_output.jsonl",
            f"details_{word}_{stamp}.parquet",
            f"details_custom|{word}|0_{stamp}.parquet",
            f"details_custom|llm_judge_judge|0_{stamp}.parquet",
            f"{path.stem[:100]}{word[:60]}{ending}",
        ]
    )
    place = path.parent
    if chance.random() < 0.3:
        place = path.parent / (word if word.strip(". ") else "other")
        place.mkdir(exist_ok=True)
    return place / name


def _linked(folder: Path, chance: random.Random) -> str:
    """A link, a pipe, a folder or an unreadable file where a file was."""
    path = _one(folder, chance)
    if path is None:
        return "nothing left"
    path.unlink()
    kind = chance.choice(["outward", "nowhere", "itself", "pipe", "folder"])
    if kind == "outward":
        path.symlink_to("/etc/passwd")
    elif kind == "nowhere":
        path.symlink_to("nowhere")
    elif kind == "itself":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    return f"{kind} {path.name[:60]!r}"


def _boxed(folder: Path, chance: random.Random) -> str:
    """The whole tree in a folder of an odd name."""
    word = chance.choice(words.NAMES).replace("/", "-")
    if not word.strip(". "):
        word = "eval_results"
    inner = folder / word
    entries = [entry for entry in folder.iterdir() if entry != inner]
    if inner.exists() or not entries:
        return "no box"
    inner.mkdir()
    for entry in entries:
        entry.rename(inner / entry.name)
    return f"boxed in {word[:60]!r}"


_CHANGES: tuple[_Change, ...] = (
    *(_changed_table,) * 7,
    *(_changed_lines,) * 4,
    *(_changed_document,) * 4,
    *(_changed_bytes,) * 4,
    _deleted,
    _swapped,
    _copied,
    _renamed,
    _linked,
    _boxed,
)
