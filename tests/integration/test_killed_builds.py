"""A build that is killed holds nothing: its lock, working copy and spilled rows stop nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from evallake.build import BuildOptions, build, working_files
from evallake.config import configure
from evallake.project import Project
from ingest.lake import Lake
from tests.integration.test_cli_build import FILES

IN_A_PROCESS = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from evallake.build import BuildOptions, build, working_files
from evallake.config import configure
from evallake.project import Project

config = configure(sys.argv[1], environ={})

def die(done, total, name):
    spilled = working_files(config)[2]
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"x" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)

now = lambda: datetime(2026, 1, 2, tzinfo=UTC)
build(config, Project(Path(sys.argv[2])), BuildOptions(), now=now, on_step=die)
"""


def test_a_build_goes_on_where_another_was_killed(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = tmp_path / "lake"
    Lake.open(str(root), create=True)
    repository = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(root), str(project)],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    config = configure(str(root), environ={})
    working, _, spilled = working_files(config)
    assert working.is_file()
    assert spilled.is_dir()
    assert not config.duckdb.exists(), "nothing was published"
    build(config, Project(project), BuildOptions(), now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    left = sorted(p.name for p in config.work_folder.iterdir())
    assert left == ["build.lock", "logs", "pinned", "target"]
    with duckdb.connect(str(config.duckdb), read_only=True) as connection:
        assert connection.execute("select value from seen").fetchall() == [(1,)]
