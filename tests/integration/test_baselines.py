"""Named baselines: a job that the lake lacks is refused before anything is built."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from evallake.baselines import check_baselines
from evallake.cli import cli
from ingest.errors import InputError
from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.container_trees import GEN_QA, Row, nova, results, write_details, write_results
from tests.fixtures.gpqa import NOW


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("baselines")
    write_details(folder / "run", nova([Row()]))
    write_results(folder / "run", results({GEN_QA: 1}))
    lake = Lake.open(str(folder / "lake"), create=True)
    options = IngestOptions(job_id="nova-lite-2025")
    ingest_source(str(folder / "run"), lake, options=options, now=lambda: NOW)
    return str(folder / "lake")


def test_a_baseline_that_is_there_is_none_of_a_problem(root: str) -> None:
    check_baselines(Lake.open(root), ["nova-lite-2025"])


def test_a_baseline_that_is_not_there_names_what_may_have_been_meant(root: str) -> None:
    with pytest.raises(InputError, match=r"'nova-light-2025'.*did you mean nova-lite-2025\?"):
        check_baselines(Lake.open(root), ["nova-lite-2025", "nova-light-2025"])


@pytest.mark.parametrize(
    "arguments", [["--baseline", "gone"], ["--var", "baselines=[gone]"]], ids=["option", "variable"]
)
def test_the_build_ends_with_one_line_and_builds_nothing(root: str, arguments: list[str]) -> None:
    done = CliRunner().invoke(cli, ["--root", root, "build", *arguments])
    assert done.exit_code == 3
    assert "the baseline 'gone' is not a visible job; evallake jobs lists" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_two_ways_of_naming_baselines_exclude_each_other(root: str) -> None:
    arguments = ["--root", root, "build", "--baseline", "a", "--var", "baselines=[a]"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert "exclude each other" in done.stderr
