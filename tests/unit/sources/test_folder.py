from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ingest.errors import InputError, SourceError
from ingest.sources import SourceLimits, open_source
from ingest.sources.locations import training_job_name


def put(path: Path, content: bytes = b"{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_only_files_that_can_matter_are_listed(tmp_path: Path) -> None:
    put(tmp_path / "run/eval_results/results_x.json")
    put(tmp_path / "run/eval_results/details/m/t/details_a|b|0_t.parquet")
    put(tmp_path / "run/eval_results/inference_output.jsonl")
    put(tmp_path / "run/tensorboard_results/eval/events.out.tfevents.1")
    put(tmp_path / "run/model/config.json")
    with open_source(str(tmp_path)) as source:
        assert [file.path for file in source.files] == [
            "run/eval_results/details/m/t/details_a|b|0_t.parquet",
            "run/eval_results/inference_output.jsonl",
            "run/eval_results/results_x.json",
        ]


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    path = put(tmp_path / "anything.parquet", b"PAR1")
    with open_source(str(path)) as source:
        assert [(file.path, file.bytes) for file in source.files] == [("anything.parquet", 4)]
        assert source.local_path("anything.parquet") == path
        assert source.sha256("anything.parquet") == hashlib.sha256(b"PAR1").hexdigest()


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no results_\*\.json, details_\*\.parquet or"):
        open_source(str(tmp_path))


def test_a_folder_with_only_an_archive_points_to_it(tmp_path: Path) -> None:
    put(tmp_path / "job/output/output.tar.gz")
    with pytest.raises(SourceError, match=r"give its path, job/output/output\.tar\.gz"):
        open_source(str(tmp_path))


def test_names_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    directory = Path(os.fsdecode(os.fsencode(tmp_path) + b"/run-\xff"))
    put(directory / "results_x.json")
    for source in (tmp_path, directory, directory / "results_x.json"):
        with pytest.raises(SourceError, match=r"run-\\xff.*: the name is not UTF-8; rename"):
            open_source(str(source))


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    put(tmp_path / "run/results_x.json")
    (tmp_path / "run/again").symlink_to(tmp_path)
    with open_source(str(tmp_path)) as source:
        assert len(source.files) == 1


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (SourceLimits(max_members=1), "max_members"),
        (SourceLimits(max_member_bytes=4), "max_member_bytes"),
        (SourceLimits(max_total_bytes=12), "max_total_bytes"),
    ],
)
def test_limits_are_named(tmp_path: Path, limits: SourceLimits, name: str) -> None:
    put(tmp_path / "results_a.json", b"12345678")
    put(tmp_path / "results_b.json", b"12345678")
    with pytest.raises(SourceError, match=name):
        open_source(str(tmp_path), limits=limits)


@pytest.mark.parametrize("uri", ["nowhere/at/all", "gopher://host/x"])
def test_what_is_not_there_is_refused(uri: str) -> None:
    with pytest.raises(InputError):
        open_source(uri)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a folder, an archive"):
        open_source(str(put(tmp_path / "notes.txt")))


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    put(tmp_path / "a b/results_x.json")
    with open_source(f"file://{tmp_path}/a%20b") as source:
        assert [file.path for file in source.files] == ["results_x.json"]


@pytest.mark.parametrize(
    ("address", "job"),
    [
        (
            "/data/ticket-2025-11-06-23-53-11-022/output/output.tar.gz",
            "ticket-2025-11-06-23-53-11-022",
        ),
        ("s3://bucket/prefix/my-job/output/output/None/eval_results/", "my-job"),
        ("my-job/output/model.tar.gz", "my-job"),
        ("/data/output.tar.gz", None),
        ("/data/my_job/output/output.tar.gz", None),
        ("/data/job/outputs/output.tar.gz", None),
    ],
)
def test_training_job_names(address: str, job: str | None) -> None:
    assert training_job_name(address) == job


def test_links_out_of_a_folder_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    """A folder may be an unpacked archive: what it links to elsewhere may be anybody's."""
    outside = put(tmp_path / "outside/results_secret.json")
    folder = tmp_path / "job"
    put(folder / "run/results_x.json")
    (folder / "run/results_inward.json").symlink_to("results_x.json")
    (folder / "run/results_outward.json").symlink_to(outside)
    (folder / "run/results_up.json").symlink_to("../../outside/results_secret.json")
    (folder / "run/results_nowhere.json").symlink_to("nowhere")
    (folder / "run/results_itself.json").symlink_to("results_itself.json")
    (folder / "run/elsewhere").symlink_to(outside.parent)
    os.mkfifo(folder / "run/results_pipe.json")
    with open_source(str(folder)) as source:
        names = [file.path for file in source.files]
        assert names == ["run/results_inward.json", "run/results_x.json"]
        assert source.refused == 5
    (folder / "run/results_inward.json").unlink()
    (folder / "run/results_x.json").unlink()
    with pytest.raises(SourceError, match="5 such names are links out of it or no files"):
        open_source(str(folder))


def test_a_link_that_was_named_is_followed(tmp_path: Path) -> None:
    put(tmp_path / "real/results_x.json")
    (tmp_path / "link").symlink_to("real")
    with open_source(str(tmp_path / "link")) as source:
        assert [file.path for file in source.files] == ["results_x.json"]
