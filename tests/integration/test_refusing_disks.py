"""A disk that is full, read-only or somebody else's, and files that go while they are read.

The user is told in one line what happened, where, and what to do; nothing is half visible, and
what is left behind is what a vacuum removes.
"""

from __future__ import annotations

import json
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evallake.cli import cli
from ingest.errors import InputError, StoreError
from ingest.lake import Lake
from ingest.landing import IngestOptions, Silence, ingest_source
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.disks import as_nobody, fill, read_only, small_disk
from tests.fixtures.faulty import sampled
from tests.fixtures.invariants import violations
from tests.kills.jobs import Source, write_sources
from tests.kills.verbs import Order, carry_out, now

PAGE = 4096


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    return write_sources(tmp_path_factory.mktemp("sources"), jobs=2, versions=2)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that anybody may look into; those of pytest are its user's alone."""
    folder = Path(tempfile.mkdtemp(prefix="evallake-public-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def land(root: Path, source: Source) -> None:
    carry_out(Order(verb="ingest", root=str(root), job_id=source.job_id, source=str(source.folder)))


def evallake(root: Path, *arguments: object) -> Result:
    return CliRunner().invoke(
        cli, ["--root", str(root), *map(str, arguments)], prog_name="evallake"
    )


def one_line(done: Result, *, code: int) -> str:
    """The bad news: one line on stderr that says what, where and what to do."""
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("evallake: ")]
    assert len(lines) == 1, done.stderr
    assert "; " in lines[0]
    return lines[0]


def test_a_disk_that_gets_full_at_any_page(sources: list[Source], tmp_path: Path) -> None:
    """The same ingest with ever more room left: it fails at every stage, and then it does not."""
    old, new = sources[:2]
    failures: set[str] = set()
    with small_disk(tmp_path / "disk", kilobytes=4096) as disk:
        template = tmp_path / "template"
        land(template, old)
        for pages in sampled(range(70), offset=0, stride=9):
            root = shutil.copytree(template, disk / str(pages))
            ballast = fill(disk, leaving=pages * PAGE)
            try:
                land(root, new)
            except StoreError as error:
                failures.add(error.what)
                assert "No space left" in str(error)
                assert "free some space" in str(error) or "run the same command" in str(error)
            assert violations(str(root)) == []
            ballast.unlink()
            land(root, new)  # completes
            assert Lake.open(str(root)).current()[new.job_id].facts.input_digest == new.input_digest
            carry_out(Order(verb="vacuum", root=str(root)))
            assert violations(str(root), is_up_to_date=True, is_vacuumed=True) == []
            shutil.rmtree(root)
    assert failures


def test_a_full_disk_is_told_in_one_line(sources: list[Source], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=2048) as disk:
        land(disk / "lake", sources[0])
        fill(disk, leaving=2 * PAGE)
        line = one_line(evallake(disk / "lake", "ingest", sources[2].folder), code=4)
        assert "No space left on device" in line
        assert str(disk / "lake") in line
        assert "free some space and run the command again" in line


def test_a_full_disk_can_be_vacuumed(sources: list[Source], tmp_path: Path) -> None:
    """What killed ingests left may be what fills the disk: it goes before anything is written."""
    with small_disk(tmp_path / "disk", kilobytes=2048) as disk:
        root = disk / "lake"
        land(root, sources[0])
        land(root, sources[1])
        left = root / "_staging" / "killed"
        left.mkdir(parents=True)
        fill(left, leaving=0)
        carry_out(Order(verb="vacuum", root=str(root)))
        assert violations(str(root), is_up_to_date=True, is_vacuumed=True) == []


def test_a_file_may_not_grow(sources: list[Source], tmp_path: Path) -> None:
    """A limit on the size of files is met in the middle of one."""
    root = tmp_path / "lake"
    land(root, sources[0])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        with pytest.raises(StoreError, match="File too large"):
            land(root, sources[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert violations(str(root)) == []
    land(root, sources[1])
    carry_out(Order(verb="vacuum", root=str(root)))
    assert violations(str(root), is_up_to_date=True, is_vacuumed=True) == []


@contextmanager
def not_mine(folder: Path) -> Iterator[None]:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with as_nobody():
        yield
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("why", ["read-only", "not mine"])
def test_a_lake_that_may_only_be_read(sources: list[Source], public: Path, why: str) -> None:
    root = public / "lake"
    land(root, sources[1])
    land(root, sources[0])  # so that there is something to vacuum
    source = shutil.copytree(sources[2].folder, public / "source")
    says = {
        "read-only": ("Read-only file system", "choose another lake with EVALLAKE_ROOT"),
        "not mine": ("Permission denied", "give this user the right to it"),
    }[why]
    forbidding: Callable[[Path], object] = read_only if why == "read-only" else not_mine
    with forbidding(root):  # type: ignore[attr-defined]
        assert json.loads(evallake(root, "jobs", "--format", "json").stdout)[0]["examples"] == 12
        for arguments in (
            ("ingest", source),
            ("drop", sources[0].job_id),
            ("vacuum", "--grace", 0),
        ):
            line = one_line(evallake(root, *arguments), code=4)
            assert says[0] in line
            assert says[1] in line
            assert str(root) in line
    assert violations(str(root), is_up_to_date=True) == []
    assert not list((root / "_staging").glob("*"))


class Meanwhile(Silence):
    """Does something when the files of a run were found, before they are read."""

    def __init__(self, does: Callable[[], object]) -> None:
        self._does = does

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        self._does()


@pytest.mark.parametrize("name", ["details_*.parquet", "inference_output.jsonl", "results_*.json"])
@pytest.mark.parametrize("what", ["goes", "shrinks", "is emptied", "becomes another"])
def test_a_source_that_changes_while_it_is_read(
    sources: list[Source], tmp_path: Path, name: str, what: str
) -> None:
    """The load fails in one line or holds exactly what was found; it never holds half."""
    root = tmp_path / "lake"
    land(root, sources[0])
    source = shutil.copytree(sources[1].folder, tmp_path / "source")
    (file,) = source.rglob(name)
    content = file.read_bytes()
    changes: dict[str, Callable[[], object]] = {
        "goes": file.unlink,
        "shrinks": lambda: file.write_bytes(content[: len(content) // 2]),
        "is emptied": lambda: file.write_bytes(b""),
        "becomes another": lambda: file.write_bytes(content[::-1]),
    }
    try:
        ingest_source(
            str(source),
            Lake.open(str(root)),
            options=IngestOptions(job_id=sources[1].job_id, workers=1),
            now=now,
            progress=Meanwhile(changes[what]),
        )
    except InputError as error:
        assert file.name in str(error)
        assert error.do
    else:
        assert name != "details_*.parquet"
    assert violations(str(root), is_up_to_date=True) == []
    assert not list((root / "_staging").glob("*"))


def test_a_source_that_may_not_be_read(sources: list[Source], public: Path) -> None:
    source = shutil.copytree(sources[0].folder, public / "source")
    (file,) = source.rglob("details_*.parquet")
    file.chmod(0)
    root = public / "lake"
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    with as_nobody():
        line = one_line(evallake(root, "ingest", source), code=3)
    assert file.name in line
    assert "Permission denied" in line
