"""The fixture `run` of the statistical tests, over Trino: the same tests, the same oracles.

Relations become Parquet files on S3 and external tables over them, as the lake's are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.aws.clients import client
from tests.athena.parity.engines import Trino, open_trino
from tests.athena.rig import SharedRig
from tests.fixtures.macros import render

Run = Callable[..., dict[str, np.ndarray]]

_TYPES = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "varchar",
}
_NUMBERS = {"bigint", "integer", "double"}


@pytest.fixture(scope="session")
def connection() -> None:
    """Some tests name it beside `run`; on Trino there is nothing to hand out."""


@pytest.fixture(scope="session")
def run(rig: SharedRig) -> Iterator[Run]:
    """run(sql, rows=..., **relations), as the unit tests have it on DuckDB."""
    bucket = f"statistics-{uuid4().hex[:8]}"
    schema = bucket.replace("-", "_")
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    with open_trino(rig.variables["TRINO_URL"], schema=schema) as trino:
        trino.ask(f"create schema {schema} with (location = 's3://{bucket}/')")

        def _run(sql: str, **relations: Mapping[str, object] | pa.Table) -> dict[str, np.ndarray]:
            for name, given in relations.items():
                table = given if isinstance(given, pa.Table) else pa.table(dict(given))
                _put(trino, s3, bucket, name, table)
            try:
                answer = trino.ask(render(sql, "athena"))
            finally:
                for name in relations:
                    trino.ask(f'drop table "{name}"')
            return {
                name: _column([row[place] for row in answer.rows], kind)
                for place, (name, kind) in enumerate(zip(answer.names, answer.types, strict=True))
            }

        yield _run


def _put(trino: Trino, s3: object, bucket: str, name: str, table: pa.Table) -> None:
    body = io.BytesIO()
    pq.write_table(table, body)
    folder = f"{uuid4().hex}/{name}"
    s3.put_object(Bucket=bucket, Key=f"{folder}/rows.parquet", Body=body.getvalue())  # type: ignore[attr-defined]
    columns = ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in table.schema)
    trino.ask(
        f'create table "{name}" ({columns})'
        f" with (external_location = 's3://{bucket}/{folder}', format = 'PARQUET')"
    )


def _column(values: list[object], kind: str) -> np.ndarray:
    """Numbers as doubles with nan for null; anything else as it is."""
    if kind not in _NUMBERS:
        return np.array(values, dtype=object)
    return np.array([np.nan if value is None else value for value in values], dtype=float)
