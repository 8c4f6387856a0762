"""Carries a statement out: on Trino, or on Glue where Athena has Hive do it.

Decides which engine gets what, what is checked first and which files are written. Keeps no state.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from tests.athena.rig.api import hive_ddl, results, translation
from tests.athena.rig.api.executions import Execution
from tests.athena.rig.api.refusals import (
    QueryCancelledError,
    QueryFailedError,
    failure_of,
    parse_error,
)
from tests.athena.rig.api.statements import Form, Statement
from tests.athena.rig.api.storage import Catalogue, Objects
from tests.athena.rig.api.translation import Write
from tests.athena.rig.api.values import column_info, renderer, text_column
from tests.athena.rig.trino_client import Answer, TrinoClient, TrinoFailedError


def output_uri(execution: Execution) -> str:
    """Where the result of a query is, or would be."""
    statement = execution.statement
    if statement.has_result_header:
        return f"{execution.folder}{execution.id}.csv"
    if statement.form in (Form.CTAS, Form.INSERT, Form.UNLOAD, Form.ROW_CHANGE):
        return f"{execution.folder}{execution.id}"
    return f"{execution.folder}{execution.id}.txt"


class Runner:
    """Runs one statement after the other, each in the thread that calls."""

    def __init__(self, trino: TrinoClient, catalogue: Catalogue, objects: Objects) -> None:
        self._trino = trino
        self._glue = catalogue
        self._objects = objects
        self._ways: dict[Form, Callable[[Execution], None]] = {
            Form.QUERY: self._query,
            Form.DEFINITION: self._define,
            Form.CTAS: self._create_table_as,
            Form.INSERT: self._insert,
            Form.UNLOAD: self._unload,
            Form.HIVE: self._hive,
            Form.ROW_CHANGE: self._refuse_row_change,
        }

    def carry_out(self, execution: Execution) -> None:
        """Runs the statement to its end and leaves results in `execution` and on S3."""
        self._ways[execution.statement.form](execution)

    # rows

    def _query(self, execution: Execution) -> None:
        rows = self._on_trino(execution, _with_parameters(execution))
        names = [column["Name"] for column in execution.columns]
        if execution.statement.has_result_header:
            self._write_result(execution, results.csv_file(names, rows))
        else:
            self._write_result(execution, results.text_file(rows))

    def _hive(self, execution: Execution) -> None:
        execution.accepted.set()
        shown = hive_ddl.carry_out(
            execution.statement, execution.database, self._glue, self._objects
        )
        execution.columns = [text_column(name) for name in shown.columns]
        self._write_result(execution, results.text_file(shown.rows))

    def _define(self, execution: Execution) -> None:
        self._on_trino(execution, _double_quoted(execution.statement))
        execution.columns = []
        self._write_result(execution, b"")

    def _refuse_row_change(self, execution: Execution) -> None:
        raise QueryFailedError(
            "NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables"
        )

    # files

    def _create_table_as(self, execution: Execution) -> None:
        write = translation.create_table_as(
            execution.statement,
            database=execution.database,
            default_location=f"{execution.folder}tables/{execution.id}",
            location_is_fixed=execution.workgroup.is_enforced,
        )
        if not self._glue.has_table(write.database, write.table):
            self._refuse_filled(write)
        self._write_files(execution, write)
        self._write_manifest(execution, self._objects.list(write.location))

    def _unload(self, execution: Execution) -> None:
        write = translation.unload(
            execution.statement,
            database=execution.database,
            table=f"rig_unload_{uuid.uuid4().hex}",
        )
        self._refuse_filled(write)
        self._write_files(execution, write)
        self._glue.drop_table(write.database, write.table)
        self._write_manifest(execution, self._objects.list(write.location))

    def _insert(self, execution: Execution) -> None:
        database, table = translation.insert_target(
            execution.statement, database=execution.database
        )
        sql = _with_parameters(execution)
        query_id = self._write_files(execution, Write(sql, database, table, location=""))
        location = self._glue.table(database, table)["StorageDescriptor"]["Location"]
        written = self._objects.list(location.rstrip("/") + "/")
        # Trino names the files of a query after the query.
        self._write_manifest(execution, [uri for uri in written if query_id in uri])

    def _refuse_filled(self, write: Write) -> None:
        if self._objects.list(write.location):
            raise QueryFailedError(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{write.database}."
                f"{write.table}' already exists: {write.location}. You may need to manually clean"
                " the data at this location before retrying."
            )

    def _write_files(self, execution: Execution, write: Write) -> str:
        """Runs a statement whose one row is the number of rows written; gives Trino's query id."""
        seen: list[str] = []
        rows = self._on_trino(
            execution,
            write.sql,
            session=write.session,
            progress=lambda answer: seen.append(answer.query_id) if not seen else None,
        )
        execution.columns = []
        execution.update_count = int(rows[0][0] or 0) if rows else 0
        return seen[0]

    def _write_manifest(self, execution: Execution, uris: list[str]) -> None:
        execution.manifest = f"{execution.folder}{execution.id}-manifest.csv"
        self._objects.put(execution.manifest, results.manifest_file(uris))
        self._objects.put(f"{execution.folder}{execution.id}.metadata", b"")

    def _write_result(self, execution: Execution, content: bytes) -> None:
        uri = output_uri(execution)
        self._objects.put(uri, content)
        self._objects.put(f"{uri}.metadata", b"")

    # Trino

    def _on_trino(
        self,
        execution: Execution,
        sql: str,
        *,
        session: dict[str, str] | None = None,
        progress: Callable[[Answer], Any] | None = None,
    ) -> list[list[str | None]]:
        """The rows of a statement as Athena's text, while limits and cancellation are watched."""

        def watch(answer: Answer) -> None:
            execution.scanned_bytes = answer.scanned_bytes
            execution.planning_millis = answer.planning_millis
            if answer.state not in ("QUEUED", "FAILED"):
                execution.accepted.set()
            if progress:
                progress(answer)
            _watch_limits(execution)

        rows: list[list[str | None]] = []
        write: list[Callable[[Any], str | None]] = []
        try:
            pages = self._trino.pages(
                sql, schema=execution.database, session=session, progress=watch
            )
            for answer, fresh in pages:
                if fresh and not write:
                    write = [_or_null(renderer(c["typeSignature"])) for c in answer.columns]
                for row in fresh:
                    rows.append([to(value) for to, value in zip(write, row, strict=True)])
        except TrinoFailedError as failed:
            if failed.is_parse_error:
                raise parse_error(failed) from failed
            raise failure_of(failed) from failed
        execution.columns = [column_info(c["name"], c["typeSignature"]) for c in answer.columns]
        execution.update_count = answer.update_count
        return rows


def _or_null(render: Callable[[Any], str]) -> Callable[[Any], str | None]:
    return lambda value: None if value is None else render(value)


def _watch_limits(execution: Execution) -> None:
    if execution.is_stopped:
        raise QueryCancelledError("Query cancelled by user")
    cutoff = execution.workgroup.cutoff_bytes
    if cutoff is not None and execution.scanned_bytes > cutoff:
        raise QueryCancelledError("Query cancelled! : Bytes scanned limit was exceeded")


def _with_parameters(execution: Execution) -> str:
    """The statement with the request's values in the places of its question marks."""
    values = execution.request.get("ExecutionParameters")
    text = execution.statement.text
    if not values:
        return text
    quoted = text.replace("'", "''")
    return f"EXECUTE IMMEDIATE '{quoted}' USING {', '.join(values)}"


def _double_quoted(statement: Statement) -> str:
    """The statement with names in backticks, which DDL allows, quoted as Trino wants them."""
    text = statement.text
    for token in reversed(statement.tokens):
        if token.kind == "name" and token.text.startswith("`"):
            text = f'{text[: token.start]}"{token.text[1:-1]}"{text[token.end :]}'
    return text
