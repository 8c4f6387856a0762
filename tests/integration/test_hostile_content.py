"""Files made to hurt whoever reads them: one line that says why not, or rejected rows; little memory.

All of them are read in one process of their own, whose peak memory is measured.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import IngestError, RecipeError
from ingest.formats.dictionaries import rows_at_worst
from ingest.formats.recipe import read_recipe
from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from ingest.sources import SourceLimits
from tests.fixtures.container_trees import GEN_QA, STAMP, Row, jsonl_line, nova, write_details
from tests.fixtures.known_truth import NOW

MOST_BYTES = 900 << 20
"""Memory that reading all of them may take, Python and libraries included."""
MIB = 1 << 20
ROWS = [Row(f"query {number}") for number in range(3)]
Bomb = Callable[[Path], None]


def _one_value_in_a_million_rows(output: Path) -> None:
    """A file of a few hundred kilobytes: its dictionary holds one text of as much."""
    rows = 1_000_000
    text = pa.array(["[" + "9" * (300 << 10) + "]"])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), text)
    _details(output, pa.table({"predictions": column, "example": column}))


def _one_value_in_a_long_list(output: Path) -> None:
    value = pa.array(["9" * (300 << 10)] * 1)
    lists = pa.ListArray.from_arrays(
        pa.array(range(0, 20_001, 2), pa.int32()),
        pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), value),
    )
    texts = pa.array(["['a']"] * 10_000)
    _details(output, pa.table({"predictions": texts, "gold": lists}))


def _zeros(output: Path) -> None:
    text = pa.array([" " * (12 << 20)] * 8)
    _details(output, pa.table({"predictions": text}), use_dictionary=False, compression="zstd")


def _too_many_rows(output: Path) -> None:
    rows = 2_000_000
    _details(output, pa.table({"predictions": pa.nulls(rows, pa.string())}))


def _a_long_row(output: Path) -> None:
    long = pa.array(["['a']", "['" + "b" * (20 << 20) + "']"])
    _details(output, pa.table({"predictions": long}), compression="none")


def _many_columns(output: Path) -> None:
    columns = {f"column_{number}": ["x"] for number in range(10_000)}
    _details(output, pa.table({"predictions": ["['a']"], "example": ["q"], **columns}))


def _a_long_line(output: Path) -> None:
    write_details(output, nova(ROWS))
    line = b'{"inference": "[\'' + b"a" * (20 << 20) + b"']\"}\n"
    (output / "inference_output.jsonl").write_bytes(jsonl_line(ROWS[0]).encode() + line)


def _a_line_without_end(output: Path) -> None:
    write_details(output, nova(ROWS))
    with (output / "inference_output.jsonl").open("wb") as file:
        for _ in range(64):
            file.write(b"a" * MIB)


def _deep_results(output: Path) -> None:
    write_details(output, nova(ROWS))
    (output / f"results_{STAMP}.json").write_text("[" * 1_000_000 + "]" * 1_000_000)


def _large_results(output: Path) -> None:
    write_details(output, nova(ROWS))
    (output / f"results_{STAMP}.json").write_text(
        '{"results": {}, "a": "' + " " * (17 << 20) + '"}'
    )


def _huge_number_in_results(output: Path) -> None:
    write_details(output, nova(ROWS))
    (output / f"results_{STAMP}.json").write_text(
        '{"results": {"a": {"em": ' + "9" * 10_000 + "}}}"
    )


REFUSED: dict[str, tuple[Bomb, str]] = {
    "one value in a million rows": (_one_value_in_a_million_rows, "limit max_compression_ratio"),
    "one value in long lists": (_one_value_in_a_long_list, "limit max_compression_ratio"),
    "a page of zeros": (_zeros, "limit max_compression_ratio"),
    "more rows than allowed": (_too_many_rows, "limit max_rows"),
    "a long row": (_a_long_row, "row 1 has more than 16777216 bytes .limit max_row_bytes"),
    "a long line": (_a_long_line, "line 2 has more than 16777216 bytes .limit max_row_bytes"),
    "a line without end": (_a_line_without_end, "line 1 has more than .*limit max_row_bytes"),
    "deep results": (_deep_results, "not a JSON file"),
    "large results": (_large_results, "limit max_document_bytes"),
    "a huge number in results": (_huge_number_in_results, "not a JSON file"),
}


def _deep_texts(output: Path) -> None:
    deep = ["[" * 100_000, '{"a":' * 100_000, "(" * 50_000]
    write_details(output, nova(ROWS, specifics=deep, metrics=deep, pred_logprobs=deep, gold=deep))
    lines = [json.dumps({"inference": text, "gold": text}) for text in deep]
    lines += deep
    (output / "inference_output.jsonl").write_text("\n".join(lines))


def _odd_encodings(output: Path) -> None:
    write_details(output, nova(ROWS))
    line = jsonl_line(ROWS[0]).rstrip()
    parts = [
        b"\xef\xbb\xbf" + line.encode(),
        line.encode("utf-16"),
        line.replace("query", "qu\u00e9ry").encode("latin-1"),
        line.encode().replace(b"query", b"que\0ry"),
        b"\0\0\0",
        jsonl_line(ROWS[1]).encode().rstrip(),
    ]
    (output / "inference_output.jsonl").write_bytes(b"\n".join(parts))


LANDED: dict[str, tuple[Bomb, int, int]] = {
    "10 000 columns": (_many_columns, 1, 0),
    "deep texts": (_deep_texts, 9, 3),
    "odd encodings": (_odd_encodings, 9, 4),
}
"""With rows read, and the fewest that must be rejected."""


def _details(output: Path, table: pa.Table, **options: object) -> None:
    path = output / f"details_{GEN_QA}_{STAMP}.parquet"
    pq.write_table(table, path, **options)


def peak_bytes() -> int:
    """The most memory that this program held; the kernel's `ru_maxrss` begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) << 10


def _tried(folder: Path) -> Iterator[dict[str, object]]:
    """What came of each, in this process."""
    limits = SourceLimits(max_row_bytes=16 << 20, max_rows=1_500_000)
    lake = Lake.open(str(folder / "lake"), create=True)
    for name in [*REFUSED, *LANDED]:
        told: dict[str, object] = {"name": name}
        try:
            [result] = ingest_source(
                str(folder / name),
                lake,
                options=IngestOptions(limits=limits, workers=1),
                now=lambda: NOW,
            )
        except IngestError as error:
            told["error"] = str(error)
        else:
            accounting = result.accounting
            told |= {"read": accounting.read, "rejected": accounting.rejected}
            told["longest_finding"] = max((len(f.message) for f in result.findings), default=0)
        told["peak"] = peak_bytes()
        yield told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    folder = tmp_path_factory.mktemp("bombs")
    for name, (bomb, *_) in {**REFUSED, **LANDED}.items():
        output = folder / name / "run" / "eval_results"
        output.mkdir(parents=True)
        bomb(output)
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.test_hostile_content"],
        cwd=Path(__file__).parents[2],
        input=str(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused_in_one_line(told: dict[str, dict[str, object]], name: str) -> None:
    said = str(told[name].get("error"))
    assert len(said.splitlines()) == 1
    assert re.search(REFUSED[name][1], said), said


@pytest.mark.parametrize("name", LANDED)
def test_what_is_odd_lands_or_is_rejected(told: dict[str, dict[str, object]], name: str) -> None:
    _, read, rejected = LANDED[name]
    assert told[name].get("error") is None
    assert told[name]["read"] == read
    assert int(str(told[name]["rejected"])) >= rejected
    assert int(str(told[name]["longest_finding"])) < 1_000


def test_no_bomb_takes_much_memory(told: dict[str, dict[str, object]]) -> None:
    peaks = {name: int(str(line["peak"])) >> 20 for name, line in told.items()}
    assert max(peaks.values()) < MOST_BYTES >> 20, peaks


def test_rows_at_once_follow_from_the_longest_value(tmp_path: Path) -> None:
    """Few where a dictionary holds a long value, as many as wanted where all are short."""
    path = tmp_path / "a.parquet"
    for longest, least, most in ((10, 100_000, 100_000), (1 << 20, 100, 300)):
        texts = ["x"] * 150_000 + ["y" * longest]
        pq.write_table(pa.table({"a": texts}), path, dictionary_pagesize_limit=8 << 20)
        with pq.ParquetFile(path) as file:
            assert least <= rows_at_worst(path, file.metadata, ["a"], 100_000) <= most
            assert rows_at_worst(path, file.metadata, ["b"], 100_000) == 100_000


def test_aliases_of_aliases_are_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path.write_text("\n".join([*lines, "run: {name: a}"]))
    with pytest.raises(RecipeError, match="its aliases stand for more than 1000000 values"):
        read_recipe(path)
    path.write_text("run: &r {name: a, again: *r}\n")
    with pytest.raises(RecipeError, match="not a YAML file"):
        read_recipe(path)
    path.write_text("common: &c {name: a}\nrun: *c\n")
    assert read_recipe(path).run_name == "a"


if __name__ == "__main__":
    for line in _tried(Path(sys.stdin.read())):
        print(json.dumps(line), flush=True)
