"""What moto's Glue leaves out and Trino, awswrangler or dbt-athena ask for.

Decides the answers to those calls, and nothing else about Glue. Each gap says who falls into it;
one that moto closes by itself can be deleted here. `close_gaps()` changes moto for this process.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_VIEW_TEXT = re.compile(r"/\* Presto View: (\S+) \*/")
_STORAGE_DEFAULTS: dict[str, Any] = {
    "BucketColumns": [],
    "Compressed": False,
    "NumberOfBuckets": 0,
    "Parameters": {},
    "SortColumns": [],
    "StoredAsSubDirectories": False,
}


def close_gaps() -> None:
    """Replaces and adds Glue operations in moto. Calling it again does nothing."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.glue import utils
    from moto.glue.exceptions import JsonRESTError
    from moto.glue.models import FakePartition, FakeTable
    from moto.glue.responses import GlueResponse

    if getattr(GlueResponse, "rig_closed_gaps", False):
        return
    GlueResponse.rig_closed_gaps = True

    # Glue fills in what a storage descriptor leaves out; Trino unboxes those numbers unseen.
    for kind in (FakeTable, FakePartition):
        kind.as_dict = _with_storage_defaults(kind.as_dict)

    # Partition keys of CTAS are often varchar(10): moto knows types without their length only.
    cast = utils._cast
    utils._cast = lambda type_, value: cast(type_.split("(")[0], value)

    # Trino splits a table's partitions into segments; moto would return all of them in each.
    whole = GlueResponse.get_partitions

    def get_partitions(self: Any) -> Any:
        segment = self.parameters.get("Segment") or {}
        return ActionResult({"Partitions": []}) if segment.get("SegmentNumber") else whole(self)

    # Trino iterates over the keys that were not processed: they must be a list, not absent.
    some = GlueResponse.batch_get_partition

    def batch_get_partition(self: Any) -> Any:
        found = some(self)
        found.result.setdefault("UnprocessedKeys", [])
        return found

    def batch_delete_table_version(self: Any) -> Any:  # awswrangler and dbt-athena
        asked = self.parameters
        for version in asked["VersionIds"]:
            self.glue_backend.delete_table_version(
                asked["DatabaseName"], asked["TableName"], version
            )
        return ActionResult({"Errors": []})

    def get_user_defined_function(self: Any) -> Any:  # Trino, when it looks up a function
        raise JsonRESTError("EntityNotFoundException", "Function not found.")

    def answer(**result: Any) -> Any:
        return lambda self: ActionResult(result)

    def nothing(self: Any) -> Any:
        return EmptyResult()

    added = {
        "get_partitions": get_partitions,
        "batch_get_partition": batch_get_partition,
        "batch_delete_table_version": batch_delete_table_version,
        "get_user_defined_function": get_user_defined_function,
        "get_user_defined_functions": answer(UserDefinedFunctions=[]),
    }
    # No column statistics are kept: queries then plan alike on every machine.
    for owner in ("table", "partition"):
        added |= {
            f"get_column_statistics_for_{owner}": answer(ColumnStatisticsList=[], Errors=[]),
            f"update_column_statistics_for_{owner}": answer(Errors=[]),
            f"delete_column_statistics_for_{owner}": nothing,
        }
    for name, operation in added.items():
        setattr(GlueResponse, name, operation)


def _with_storage_defaults(as_dict: Any) -> Any:
    def filled(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        described = as_dict(self, *arguments, **named)
        storage = described.get("StorageDescriptor")
        if storage is not None:
            described["StorageDescriptor"] = _STORAGE_DEFAULTS | storage
        if described.get("TableType") == "VIRTUAL_VIEW":
            described["StorageDescriptor"]["Columns"] = _view_columns(described)
        return described

    return filled


def _view_columns(view: dict[str, Any]) -> Any:
    """A view's columns in Hive's words: Athena lists them, Trino writes one column `dummy`.

    dbt-athena looks them up for unit tests; awswrangler for comments and types.
    """
    encoded = _VIEW_TEXT.fullmatch(view.get("ViewOriginalText") or "")
    if encoded is None:
        return view["StorageDescriptor"]["Columns"]
    columns = json.loads(base64.b64decode(encoded[1]))["columns"]
    return [{"Name": c["name"], "Type": _hive_type(c["type"])} for c in columns]


def _hive_type(trino: str) -> str:
    words = {"integer": "int", "varchar": "string", "real": "float", "varbinary": "binary"}
    array = re.fullmatch(r"array\((.*)\)", trino)
    if array:
        return f"array<{_hive_type(array[1])}>"
    bare = re.sub(r"\(\d+\)", "", trino) if not trino.startswith("decimal") else trino
    return words.get(bare, bare)
