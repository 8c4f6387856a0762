"""What each operation of the Athena API answers.

Decides the shape of requests and answers. An operation that is not here is left to moto.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.athena.rig.api import results
from tests.athena.rig.api.executions import Execution, Executions
from tests.athena.rig.api.refusals import InvalidRequestError
from tests.athena.rig.api.running import Runner, output_uri
from tests.athena.rig.api.statements import classify
from tests.athena.rig.api.storage import Catalogue, Objects
from tests.athena.rig.api.workgroups import PRIMARY, WorkGroups
from tests.athena.rig.configuration import CATALOG, MAX_QUERY_BYTES
from tests.athena.rig.trino_client import TrinoClient

Request = dict[str, Any]
Answer = dict[str, Any]

_ACCOUNT = "123456789012"
_PARSE_SECONDS = 5
_PATIENCE_SECONDS = 1
"""GetQueryExecution answers when the query is over or after this long. AWS answers at once, and
clients then sleep before they ask again: waiting here saves them the sleep."""
_ENGINES = [
    {
        "SelectedEngineVersion": "Athena engine version 3",
        "EffectiveEngineVersion": "Athena engine version 3",
    }
]


class AthenaApi:
    """Amazon Athena on a Trino, with S3 and Glue in this process."""

    def __init__(self, trino: TrinoClient) -> None:
        self._objects = Objects()
        self._glue = Catalogue()
        self._workgroups = WorkGroups()
        self._executions = Executions(Runner(trino, self._glue, self._objects).carry_out)
        # Pages of one result are asked for one after the other: read its file once.
        self._rows = lru_cache(maxsize=8)(self._read_rows)
        self._operations: dict[str, Callable[[Request], Answer]] = {
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "GetQueryResults": self._results,
            "GetWorkGroup": lambda asked: {
                "WorkGroup": self._workgroups.get(asked["WorkGroup"]).described()
            },
            "ListWorkGroups": self._list_workgroups,
            "CreateWorkGroup": self._create_workgroup,
            "UpdateWorkGroup": self._update_workgroup,
            "DeleteWorkGroup": self._delete_workgroup,
            "ListEngineVersions": lambda asked: {"EngineVersions": _ENGINES},
            "GetDataCatalog": self._data_catalog,
            "ListDataCatalogs": lambda asked: {
                "DataCatalogsSummary": [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]
            },
            "ListDatabases": lambda asked: {
                "DatabaseList": [{"Name": name} for name in self._glue.databases()]
            },
            "GetDatabase": self._database,
            "ListTableMetadata": self._tables,
            "GetTableMetadata": self._table,
        }

    def __call__(self, operation: str, body: bytes) -> tuple[int, bytes] | None:
        """Status and JSON for a request, None when moto should answer it."""
        answer_to = self._operations.get(operation)
        if answer_to is None:
            return None
        try:
            return 200, json.dumps(answer_to(json.loads(body or b"{}"))).encode()
        except InvalidRequestError as refusal:
            return 400, json.dumps(refusal.body).encode()

    def shutdown(self) -> None:
        """Ends what still runs."""
        self._executions.shutdown()

    # queries

    def _start(self, asked: Request) -> Answer:
        text = asked["QueryString"]
        if len(text.encode()) > MAX_QUERY_BYTES:
            raise InvalidRequestError(
                "1 validation error detected: Value at 'queryString' failed to satisfy constraint:"
                f" Member must have length less than or equal to {MAX_QUERY_BYTES}"
            )
        workgroup = self._workgroups.get(asked.get("WorkGroup"))
        if workgroup.state != "ENABLED":
            raise InvalidRequestError(f"WorkGroup {workgroup.name} is disabled.")
        folder = workgroup.output_location(asked.get("ResultConfiguration"))
        if not self._objects.has_bucket(folder):
            raise InvalidRequestError(
                f"Unable to verify/create output bucket {folder.split('/')[2]}",
                code="INVALID_INPUT",
            )
        execution = Execution(
            statement=classify(text), request=asked, workgroup=workgroup, folder=folder
        )
        self._executions.start(execution)
        # Text that is no SQL is refused here and now; Trino says so with its first answer.
        execution.accepted.wait(_PARSE_SECONDS)
        if execution.refusal is not None:
            self._executions.forget(execution)
            raise execution.refusal
        return {"QueryExecutionId": execution.id}

    def _stop(self, asked: Request) -> Answer:
        self._executions.stop(self._executions.get(asked["QueryExecutionId"]))
        return {}

    def _get(self, asked: Request) -> Answer:
        execution = self._executions.get(asked["QueryExecutionId"])
        execution.finished.wait(_PATIENCE_SECONDS)
        return {"QueryExecution": _described(execution)}

    def _batch_get(self, asked: Request) -> Answer:
        found: list[Answer] = []
        missing: list[Answer] = []
        for query_id in asked["QueryExecutionIds"]:
            try:
                found.append(_described(self._executions.get(query_id)))
            except InvalidRequestError as refusal:
                missing.append({"QueryExecutionId": query_id, "ErrorMessage": str(refusal)})
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, asked: Request) -> Answer:
        ids = self._executions.ids(asked.get("WorkGroup") or PRIMARY)
        start, limit = int(asked.get("NextToken") or 0), asked.get("MaxResults") or 50
        answer: Answer = {"QueryExecutionIds": ids[start : start + limit]}
        if start + limit < len(ids):
            answer["NextToken"] = str(start + limit)
        return answer

    def _results(self, asked: Request) -> Answer:
        limit = asked.get("MaxResults") or results.MAX_PAGE_ROWS
        if limit > results.MAX_PAGE_ROWS:
            raise InvalidRequestError(
                f"1 validation error detected: Value '{limit}' at 'maxResults' failed to satisfy"
                " constraint: Member must have value less than or equal to"
                f" {results.MAX_PAGE_ROWS}"
            )
        execution = self._executions.get(asked["QueryExecutionId"])
        if not execution.is_over:
            raise InvalidRequestError(
                f"Query has not yet finished. Current state: {execution.state}",
                code="INVALID_QUERY_EXECUTION_STATE",
            )
        if execution.state != "SUCCEEDED":
            raise InvalidRequestError(
                f"Query did not finish successfully. Final query state: {execution.state}",
                code="INVALID_QUERY_EXECUTION_STATE",
            )
        rows = self._rows(execution.id)
        start = int(asked.get("NextToken") or 0)
        answer = results.page(rows, execution.columns, start=start, limit=limit)
        if execution.update_count is not None:
            answer["UpdateCount"] = execution.update_count
        return answer

    def _read_rows(self, query_id: str) -> list[list[str | None]]:
        execution = self._executions.get(query_id)
        if execution.manifest is not None:
            return []
        uri = output_uri(execution)
        content = self._objects.get(uri)
        if content is None:
            raise InvalidRequestError(f"Could not find results: {uri} is gone.")
        read = results.read_csv if execution.statement.has_result_header else results.read_text
        return read(content)

    # work groups

    def _list_workgroups(self, asked: Request) -> Answer:
        shown = ("Name", "State", "Description", "CreationTime")
        groups = (group.described() for group in self._workgroups.all())
        return {"WorkGroups": [{key: group[key] for key in shown} for group in groups]}

    def _create_workgroup(self, asked: Request) -> Answer:
        self._workgroups.create(
            asked["Name"],
            asked.get("Configuration") or {},
            description=asked.get("Description", ""),
        )
        return {}

    def _update_workgroup(self, asked: Request) -> Answer:
        self._workgroups.update(asked["WorkGroup"], asked)
        return {}

    def _delete_workgroup(self, asked: Request) -> Answer:
        self._workgroups.delete(asked["WorkGroup"])
        return {}

    # the catalogue

    def _data_catalog(self, asked: Request) -> Answer:
        name = asked["Name"]
        if name.lower() != CATALOG:
            raise InvalidRequestError(f"Data catalog {name} was not found")
        parameters = {"catalog-id": _ACCOUNT}
        return {"DataCatalog": {"Name": name, "Type": "GLUE", "Parameters": parameters}}

    def _database(self, asked: Request) -> Answer:
        name = asked["DatabaseName"]
        if not self._glue.has_database(name):
            raise _metadata_error(f"Database {name} not found.")
        return {"Database": {"Name": name}}

    def _tables(self, asked: Request) -> Answer:
        name = asked["DatabaseName"]
        if not self._glue.has_database(name):
            raise _metadata_error(f"Database {name} not found.")
        return {"TableMetadataList": [_metadata(table) for table in self._glue.tables(name)]}

    def _table(self, asked: Request) -> Answer:
        database, name = asked["DatabaseName"], asked["TableName"]
        if not self._glue.has_table(database, name):
            raise _metadata_error(f"Table {name} not found.")
        return {"TableMetadata": _metadata(self._glue.table(database, name))}


def _metadata_error(message: str) -> InvalidRequestError:
    return InvalidRequestError(f"EntityNotFoundException: {message}", type_="MetadataException")


def _metadata(table: dict[str, Any]) -> Answer:
    def columns(listed: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = ("Name", "Type", "Comment")
        return [{key: column[key] for key in kept if column.get(key)} for column in listed]

    return {
        "Name": table["Name"],
        "CreateTime": table["CreateTime"].timestamp(),
        "TableType": table.get("TableType", "EXTERNAL_TABLE"),
        "Columns": columns(table.get("StorageDescriptor", {}).get("Columns", [])),
        "PartitionKeys": columns(table.get("PartitionKeys") or []),
        "Parameters": table.get("Parameters") or {},
    }


def _described(execution: Execution) -> Answer:
    """The answer to GetQueryExecution."""
    started = execution.started or execution.ended or time.time()
    total = int(((execution.ended or time.time()) - execution.submitted) * 1000)
    queued = int((started - execution.submitted) * 1000)
    status = {
        "State": execution.state,
        "StateChangeReason": execution.reason,
        "SubmissionDateTime": execution.submitted,
        "CompletionDateTime": execution.ended,
        "AthenaError": execution.error,
    }
    statistics = {
        "EngineExecutionTimeInMillis": total - queued,
        "DataScannedInBytes": execution.scanned_bytes,
        "DataManifestLocation": execution.manifest,
        "TotalExecutionTimeInMillis": total,
        "QueryQueueTimeInMillis": queued,
        "QueryPlanningTimeInMillis": execution.planning_millis,
        "ServiceProcessingTimeInMillis": 0,
        "ResultReuseInformation": {"ReusedPreviousResult": False},
    }
    return {
        "QueryExecutionId": execution.id,
        "Query": execution.request["QueryString"],
        "StatementType": execution.statement.statement_type,
        "SubstatementType": execution.statement.substatement_type,
        "ResultConfiguration": {"OutputLocation": output_uri(execution)},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": execution.request.get("QueryExecutionContext") or {},
        "Status": {key: value for key, value in status.items() if value is not None},
        "Statistics": {key: value for key, value in statistics.items() if value is not None},
        "WorkGroup": execution.workgroup.name,
        "EngineVersion": _ENGINES[0] | {"SelectedEngineVersion": "AUTO"},
    }
