"""The project built once by each engine, from one lake, and the tables it left behind.

Runs dbt as anybody would and remembers what it said. What the engines disagree about is for
`comparing` to find.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fixtures.dbt import Dbt

_GRAIN = re.compile(r"Grain: one row per (?:\((\w+(?:, \w+)*)\)|(\w+))")

VARIABLES = "{bootstrap_replicates: 80, recalibration_min_examples: 1500}"
"""Replicates are drawn by hash and slices fitted by one text, each like the others: a part of them
proves as much, and sooner."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of dbt's manifest."""

    name: str
    grain: tuple[str, ...]
    """Columns that identify a row, as its description begins; none where it does not say."""
    materialized: str


@dataclass(frozen=True, slots=True)
class Built:
    """What one engine's run of dbt left."""

    dbt: Dbt
    results: Mapping[str, str]
    """Status by dbt's unique id: success, pass, fail, error, skipped, warn."""
    messages: Mapping[str, str]
    """What dbt says of those that failed, by unique id."""
    models: tuple[Model, ...]
    seconds: float

    def statuses(self, kind: str) -> dict[str, str]:
        """Results of one kind of node: `model`, `test` or `unit_test`."""
        return {
            name: status for name, status in self.results.items() if name.startswith(f"{kind}.")
        }

    def problems(self) -> list[str]:
        """Everything that was not built, or did not hold, in a line each."""
        return [
            f"{name}: {status}: {self.messages.get(name, '')}"
            for name, status in self.results.items()
            if status not in {"success", "pass"}
        ]


def build(dbt: Dbt, target: str, **environment: str) -> Built:
    """Every model with the tests of its data, to the end, whatever comes of it.

    Unit tests would hold up the models that they are about; `unit_test` runs them side by side.
    """
    without = ("--exclude-resource-type", "unit_test")
    return _run(dbt, target, "build", *without, "--vars", VARIABLES, **environment)


def unit_test(dbt: Dbt, target: str, **environment: str) -> Built:
    """Every unit test; the models have been built, which dbt looks at for their columns."""
    return _run(dbt, target, "test", "--select", "test_type:unit", **environment)


def _run(dbt: Dbt, target: str, *arguments: str, **environment: str) -> Built:
    started = time.monotonic()
    said = dbt.run(*arguments, "--target", target, **environment)
    found = dbt.folder / "target" / "run_results.json"
    if not found.is_file():
        raise RuntimeError(f"dbt {' '.join(arguments)} did not start: {said.stdout}{said.stderr}")
    results = json.loads(found.read_text(encoding="utf-8"))["results"]
    manifest = json.loads((dbt.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    return Built(
        dbt,
        {result["unique_id"]: result["status"] for result in results},
        {result["unique_id"]: " ".join(str(result["message"]).split()) for result in results},
        _models(manifest),
        time.monotonic() - started,
    )


def _models(manifest: Mapping[str, Any]) -> tuple[Model, ...]:
    return tuple(
        Model(node["name"], _grain(node["description"]), node["config"]["materialized"])
        for node in sorted(manifest["nodes"].values(), key=lambda node: str(node["name"]))
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    )


def _grain(description: str) -> tuple[str, ...]:
    """The columns of `Grain: one row per (a, b)`, with which every description begins."""
    found = _GRAIN.match(" ".join(description.split()))
    return () if found is None else tuple((found[1] or found[2]).split(", "))


class QueryError(Exception):
    """Athena refused a statement or gave it up; the message is Athena's, then the statement."""


@dataclass(slots=True)
class AthenaReader:
    """Reads tables and answers through the Athena API, as a client would."""

    athena: Any
    s3: Any
    database: str
    bucket: str
    folder: Path
    """Where unloaded files are put."""
    threads: int = 4
    bytes_read: int = field(default=0)

    def unload(self, models: tuple[Model, ...]) -> dict[str, str]:
        """Every model as Parquet files on this disk; relations that DuckDB can read, by name."""
        with ThreadPoolExecutor(self.threads) as pool:
            return dict(
                zip(
                    (model.name for model in models),
                    pool.map(lambda model: self._unload(model.name), models),
                    strict=True,
                )
            )

    def ask(self, sql: str) -> tuple[list[str], list[str], list[tuple[str | None, ...]]]:
        """Column names, Athena's types, and the rows as texts, in their order."""
        query_id = self._run(sql)
        names: list[str] = []
        types: list[str] = []
        rows: list[tuple[str | None, ...]] = []
        for page in self.athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=query_id
        ):
            found = page["ResultSet"]
            if not names:
                names = [column["Name"] for column in found["ResultSetMetadata"]["ColumnInfo"]]
                types = [column["Type"] for column in found["ResultSetMetadata"]["ColumnInfo"]]
            rows += [
                tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in found["Rows"]
            ]
        return names, types, rows[1:]  # the first is the header

    def _unload(self, table: str) -> str:
        prefix = f"parity-unload/{self.database}/{table}/"
        self._run(
            f"unload (select * from {table}) to 's3://{self.bucket}/{prefix}'"
            " with (format = 'PARQUET', compression = 'SNAPPY')"
        )
        folder = self.folder / table
        folder.mkdir(parents=True, exist_ok=True)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [entry for page in pages for entry in page.get("Contents", []) if entry["Size"]]
        for number, entry in enumerate(found):
            body = self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()
            self.bytes_read += len(body)
            (folder / f"{number:05d}.parquet").write_bytes(body)
        return f"read_parquet('{folder}/*.parquet')" if found else ""

    def _run(self, sql: str) -> str:
        started = self.athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/parity-results/"},
        )
        query_id = str(started["QueryExecutionId"])
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            state = execution["Status"]["State"]
            if state == "SUCCEEDED":
                return query_id
            if state in {"FAILED", "CANCELLED"}:
                raise QueryError(f"{execution['Status'].get('StateChangeReason')}: {sql[:300]}")
            time.sleep(0.05)
