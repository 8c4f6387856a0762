"""Planted corruption is found, each kind by the expectation that is there for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evallake.demo import write_demo_jobs
from evallake.validation.door import Door
from evallake.validation.outcomes import Outcome
from ingest.lake import Lake
from ingest.lake.commit import StagedLoad
from ingest.lake.writer import StagedFile
from ingest.landing import IngestOptions, ingest_source
from ingest.tables import EXPECTATION_RESULTS
from tests.unit.validation.loads import Spoil, Tables, accounting, tables_of, with_values, write

EXAMPLES = 60


def now() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("door")
    job = write_demo_jobs(folder / "jobs", examples=EXAMPLES)[0]
    lake = Lake.open(str(folder / "lake"), create=True)
    (result,) = ingest_source(str(job.source), lake, options=IngestOptions(workers=1), now=now)
    return tables_of(folder / "lake", result.job_id)


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(now=now)


def failed(door: Door, tables: Tables, folder: Path, **counts: int) -> list[Outcome]:
    landed = counts.get("landed", EXAMPLES)
    account = accounting(landed=landed, rejected=counts.get("rejected", 0))
    return [o for o in door.outcomes(write(tables, folder), accounting=account) if not o.is_met]


def first_rows(count: int) -> Spoil:
    return lambda rows: rows.slice(0, count)


def twice(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(0, 1)])


def without(column: str) -> Spoil:
    return lambda rows: rows.drop_columns([column])


def of_type(column: str, type_: pa.DataType) -> Spoil:
    def spoil(rows: pa.Table) -> pa.Table:
        number = rows.schema.get_field_index(column)
        return rows.set_column(number, column, rows[column].cast(type_))

    return spoil


def everywhere(column: str, value: object) -> Spoil:
    return lambda rows: with_values(column, dict.fromkeys(range(rows.num_rows), value))(rows)


def swapped(first: str, second: str) -> Spoil:
    def spoil(rows: pa.Table) -> pa.Table:
        names = [{first: second, second: first}.get(n, n) for n in rows.column_names]
        return rows.rename_columns(names).select(rows.column_names)

    return spoil


CORRUPTION: dict[str, tuple[str, Spoil, str, str]] = {
    "a row of examples is missing": ("examples", first_rows(EXAMPLES - 1), "row_count", "critical"),
    "an example is there twice": ("examples", twice, "be_unique(example_id)", "critical"),
    "a token is there twice": ("example_tokens", twice, "be_unique(example_id, pos", "critical"),
    "a required value is missing": (
        "examples", with_values("example_key", {3: None}), "not_be_null(example_key)", "critical",
    ),
    "a column is missing": ("example_fields", without("rouge_l"), "columns_to_match", "critical"),
    "a column is of another type": (
        "examples", of_type("positions", pa.string()), "of_type(positions)", "critical",
    ),
    "a probability above 1": (
        "example_tokens", with_values("logprob", {7: 0.5}), "between(logprob)", "critical",
    ),
    "probabilities in place of their logarithms": (
        "example_tokens", everywhere("logprob", 0.9), "between(logprob)", "critical",
    ),
    "a confidence above 1": (
        "examples", with_values("notebook_confidence", {0: 1.7}), "notebook_conf", "critical",
    ),
    "a token of no example": (
        "example_tokens", with_values("example_id", {0: "nobody-0"}), "row of examples", "critical",
    ),
    "a field of no example": (
        "example_fields", with_values("example_id", {0: "nobody-0"}), "row of examples", "critical",
    ),
    "an unknown status": (
        "examples", with_values("logprobs_status", {5: "maybe"}), "in_set(logprobs_st", "critical",
    ),
    "a third side": ("example_fields", with_values("side", {1: "both"}), "set(side)", "critical"),
    "a negative position": (
        "example_tokens", with_values("position", {2: -1}), "between(position)", "critical",
    ),
    "ranges turned round": (
        "example_tokens", swapped("char_start", "char_end"), "b(char_end, char_start", "critical",
    ),
    "a negative entropy": (
        "example_tokens", with_values("topk_entropy_nats", {1: -0.1}), "entropy", "critical",
    ),
    "a ROUGE on the scale of percents": (
        "example_metrics", everywhere("metric_value", 61.5), "these metrics lie between", "critical",
    ),
    "a similarity above 1": (
        "example_fields", with_values("rouge_l", {0: 1.01}), "between(rouge_l)", "critical",
    ),
    "half of the log probabilities are missing": (
        "example_tokens",
        lambda rows: with_values("logprob", dict.fromkeys(range(0, rows.num_rows, 2)))(rows),
        "not_be_null(logprob, mostly", "warning",
    ),
    "most answers do not parse": (
        "examples", everywhere("prediction_format", "repaired"), "prediction_format, m", "warning",
    ),
    "alignment was lost": (
        "examples", everywhere("alignment", "partial"), "set(alignment, mostly", "warning",
    ),
    "gold answers are missing": (
        "examples", everywhere("gold_text", None), "not_be_null(gold_text", "warning",
    ),
    "a standard error below 0": (
        "job_metrics", with_values("stderr", {0: -0.01}), "between(stderr)", "critical",
    ),
    "a job that ran on no instance": (
        "jobs", with_values("replicas", {0: 0}), "between(replicas)", "critical",
    ),
    "a job too many": ("jobs", twice, "row_count", "critical"),
    "a key without a name": (
        "example_metadata", with_values("metadata_key", {0: " "}), "metadata_key", "critical",
    ),
}  # fmt: skip


def test_clean_tables_meet_everything(door: Door, clean: Tables, tmp_path: Path) -> None:
    assert failed(door, clean, tmp_path) == []


@pytest.mark.parametrize("kind", CORRUPTION)
def test_corruption_is_found(door: Door, clean: Tables, tmp_path: Path, kind: str) -> None:
    table, spoil, key, severity = CORRUPTION[kind]
    found = failed(door, {**clean, table: spoil(clean[table])}, tmp_path)
    by_the_right_one = [o for o in found if o.table == table and key in o.expectation.key]
    assert by_the_right_one, [o.expectation.key for o in found]
    assert by_the_right_one[0].expectation.severity == severity


def test_rejected_rows_that_were_not_kept_are_missed(
    door: Door, clean: Tables, tmp_path: Path
) -> None:
    (found,) = failed(door, clean, tmp_path, rejected=2)
    assert (found.table, found.unexpected) == ("rejects", 2)


def test_a_count_is_of_all_batches_and_the_values_are_shown(clean: Tables, tmp_path: Path) -> None:
    spoilt = with_values("logprob", {0: 0.25, 40: 0.5, 90: 0.75})(clean["example_tokens"])
    small = Door(now=now, batch_rows=32)
    (found,) = failed(small, {**clean, "example_tokens": spoilt}, tmp_path)
    assert (found.unexpected, found.examples) == (3, ("0.25", "0.5", "0.75"))
    assert found.rows == len(spoilt) - spoilt["logprob"].null_count


def test_the_door_holds_a_load_back_and_says_why(door: Door, clean: Tables, tmp_path: Path) -> None:
    tokens = with_values("logprob", {7: 0.5})(clean["example_tokens"])
    held = door(staged({**clean, "example_tokens": tokens}, tmp_path))
    assert held.hold_because is not None
    assert held.hold_because.startswith("1 critical expectations failed: example_tokens.logprob")
    assert [finding.code for finding in held.findings] == ["expectation_critical"]
    assert held.results is not None
    assert held.results.schema == EXPECTATION_RESULTS.schema
    unmet = held.results.filter(pc.invert(held.results["is_met"])).to_pylist()
    assert [(row["rows_unexpected"], row["unexpected_values_json"]) for row in unmet] == [
        (1, '["0.5"]')
    ]


def test_the_door_lets_a_clean_load_through(door: Door, clean: Tables, tmp_path: Path) -> None:
    let_in = door(staged(clean, tmp_path))
    assert (let_in.hold_because, let_in.findings) == (None, ())
    assert let_in.results is not None
    assert let_in.results.num_rows > 100
    assert pc.all(let_in.results["is_met"]).as_py()


def staged(tables: Tables, folder: Path) -> StagedLoad:
    """The tables as `ingest_source` hands a load to a check."""
    files = tuple(
        StagedFile(name, path, f"{name}/{path.name}", tables[name].num_rows, path.stat().st_size)
        for name, paths in write(tables, folder).items()
        for path in paths
    )
    return StagedLoad(
        job_id="job",
        load_id="01",
        files=files,
        accounting=accounting(landed=EXAMPLES, rejected=0),
        findings=(),
    )
