"""Asking Athena: start, wait, read the answer, and say what it cost.

awswrangler starts and waits, with its way of polling; the answer comes from S3, as plain CSV or,
where it may be big and is in no order, unloaded as Parquet. What a refusal means for the person
who asked is `evallake.engines.athena_refusals`; what a statement is, `evallake.engines.statement`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from evallake.config import AthenaPlace
from evallake.engines.asking import Answer
from evallake.engines.athena_refusals import athena_refusals, refused_query
from evallake.engines.statement import asks, is_query, one_statement, states_an_order
from evallake.errors import QuestionError

if TYPE_CHECKING:
    import pyarrow as pa

_POLL_SECONDS = 0.25
_AT_ONCE = 6
"""Athena queues what is more than an account's share, so more would only wait there."""


@dataclass(frozen=True, slots=True)
class Athena:
    """The published tables in one Glue database, asked through one workgroup."""

    place: AthenaPlace
    unload: bool = False
    """Whether answers in no stated order are unloaded as Parquet."""

    @property
    def name(self) -> str:
        """`Athena, database <name>`."""
        return f"Athena, database {self.place.schema}"

    @property
    def at_once(self) -> int:
        """Questions answered at the same time."""
        return _AT_ONCE

    def ask(self, sql: str, *, where: str = "--sql") -> Answer:
        """The answer to one statement that asks; see `evallake.engines.asking.Engine`."""
        text = one_statement(sql)
        if not text:
            raise QuestionError("there is no SQL in it", where=where, do="give one statement")
        if not asks(text):
            raise QuestionError(
                "it is not one statement that asks",
                where=where,
                do="give one select, show, describe or explain; --output writes the answer to a file",
            )
        if self.unload and is_query(text) and not states_an_order(text):
            answer = self._unloaded(text, where=where)
            if answer is not None:
                return answer
        done = self.run(text, where=where)
        with athena_refusals(self.place, where=where):
            return _answer(done, self._rows(done))

    def run(self, sql: str, *, where: str) -> dict[str, Any]:
        """Run one statement to its end; Athena's description of the execution.

        Raises: as `ask`.
        """
        import awswrangler as wr
        import boto3

        from ingest.aws.clients import region

        with athena_refusals(self.place, where=where):
            session = boto3.Session(region_name=region())
            query_id = wr.athena.start_query_execution(
                sql,
                database=self.place.schema,
                s3_output=self.place.staging,
                workgroup=self.place.workgroup,
                boto3_session=session,
            )
            try:
                done: dict[str, Any] = wr.athena.wait_query(
                    query_id, boto3_session=session, athena_query_wait_polling_delay=_POLL_SECONDS
                )
            except (wr.exceptions.QueryFailed, wr.exceptions.QueryCancelled) as error:
                raise refused_query(str(error), query_id, self.place, where=where) from error
            except KeyboardInterrupt:  # whoever stops waiting stops paying
                wr.athena.stop_query_execution(query_id, boto3_session=session)
                raise
        return done

    def _rows(self, done: dict[str, Any]) -> pa.Table:
        """The rows of an execution that wrote them as text."""
        from evallake.engines.athena_results import lines_as_table, rows_of_csv
        from ingest.aws.clients import client

        athena = client("athena")
        query_id = done["QueryExecutionId"]
        first = athena.get_query_results(QueryExecutionId=query_id, MaxResults=1)
        columns = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        location = done["ResultConfiguration"]["OutputLocation"]
        if location.endswith(".csv"):
            return rows_of_csv(_read(location), columns)
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        lines = ["\t".join(cell.get("VarCharValue", "") for cell in row) for row in rows]
        return lines_as_table(lines, columns)

    def _unloaded(self, sql: str, *, where: str) -> Answer | None:
        """The answer by way of Parquet; None where there are no rows, and so no file with types."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = f"{self.place.staging}unloaded/{uuid4().hex}/"
        done = self.run(
            f"unload (\n{sql}\n) to '{folder}' with (format = 'PARQUET', compression = 'ZSTD')",
            where=where,
        )
        with athena_refusals(self.place, where=where):
            files = _listed(folder)
            if not files:
                return None
            tables = [pq.read_table(io.BytesIO(_read(file))) for file in files]
            _remove(files)
        return _answer(done, pa.concat_tables(tables))


def _answer(done: dict[str, Any], table: pa.Table) -> Answer:
    statistics = done.get("Statistics", {})
    milliseconds = statistics.get("TotalExecutionTimeInMillis")
    return Answer(
        table,
        query_id=done["QueryExecutionId"],
        bytes_scanned=statistics.get("DataScannedInBytes"),
        seconds=None if milliseconds is None else milliseconds / 1000,
    )


def _read(address: str) -> bytes:
    from ingest.aws.clients import client

    bucket, _, key = address.removeprefix("s3://").partition("/")
    content: bytes = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def _listed(folder: str) -> list[str]:
    from ingest.aws.clients import client

    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(f"s3://{bucket}/{found['Key']}" for p in pages for found in p.get("Contents", []))


def _remove(files: list[str]) -> None:
    import awswrangler as wr
    import boto3

    from ingest.aws.clients import region

    wr.s3.delete_objects(files, boto3_session=boto3.Session(region_name=region()))
