"""The partitions of Glue's tables in bulk: add, find, list, replace and remove.

Decides batch sizes, which answers about single partitions are harmless, and how the others are
told. Which partitions there should be is decided in `ingest.lake.glue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ingest.aws.refusals import refusals
from ingest.errors import StoreError

PartitionKey = tuple[str, str]
"""job_id and load_id."""

_ADDED_AT_ONCE = 100  # Glue's own limits
_REPLACED_AT_ONCE = 100
_REMOVED_AT_ONCE = 25
_FOUND_AT_ONCE = 1000

_T = TypeVar("_T")


class GluePartitions:
    """The partitions of one Glue database; may be shared between threads, as its client may."""

    def __init__(self, client: Any, database: str) -> None:
        self._client = client
        self._database = database

    def add(self, table: str, inputs: Sequence[Mapping[str, Any]]) -> int:
        """Add partitions; those that were there already stay as they are. New ones (count)."""
        added = 0
        for batch in _batches(inputs, _ADDED_AT_ONCE):
            with self._calling("register partitions", table):
                answer = self._client.batch_create_partition(
                    DatabaseName=self._database, TableName=table, PartitionInputList=list(batch)
                )
            there = self._refuse(answer, "register", table, harmless="AlreadyExistsException")
            added += len(batch) - there
        return added

    def found(self, table: str, keys: Sequence[PartitionKey]) -> list[PartitionKey]:
        """Those of `keys` that are registered."""
        found: list[PartitionKey] = []
        for batch in _batches(keys, _FOUND_AT_ONCE):
            asked: list[dict[str, Any]] = [{"Values": list(key)} for key in batch]
            while asked:
                with self._calling("look up partitions", table):
                    answer = self._client.batch_get_partition(
                        DatabaseName=self._database, TableName=table, PartitionsToGet=asked
                    )
                found += [partition_key(partition) for partition in answer.get("Partitions", [])]
                asked = answer.get("UnprocessedKeys") or []
        return found

    def listed(self, table: str) -> dict[PartitionKey, Mapping[str, Any]]:
        """Every registered partition of a table, as Glue gives it."""
        with self._calling("list partitions", table):
            pages = self._client.get_paginator("get_partitions").paginate(
                DatabaseName=self._database, TableName=table
            )
            return {partition_key(one): one for page in pages for one in page["Partitions"]}

    def replace(self, table: str, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Give registered partitions another place or other columns; absent ones stay absent."""
        for batch in _batches(inputs, _REPLACED_AT_ONCE):
            with self._calling("change partitions", table):
                answer = self._client.batch_update_partition(
                    DatabaseName=self._database,
                    TableName=table,
                    Entries=[
                        {"PartitionValueList": one["Values"], "PartitionInput": one}
                        for one in batch
                    ],
                )
            self._refuse(answer, "change", table, harmless="EntityNotFoundException")

    def remove(self, table: str, keys: Sequence[PartitionKey]) -> None:
        """Take partitions out of the catalogue, their files stay; absent ones are removed."""
        for batch in _batches(keys, _REMOVED_AT_ONCE):
            with self._calling("remove partitions", table):
                answer = self._client.batch_delete_partition(
                    DatabaseName=self._database,
                    TableName=table,
                    PartitionsToDelete=[{"Values": list(key)} for key in batch],
                )
            self._refuse(answer, "remove", table, harmless="EntityNotFoundException")

    def _calling(self, doing: str, table: str) -> AbstractContextManager[None]:
        return refusals(doing=doing, where=f"Glue table {self._database}.{table}")

    def _refuse(self, answer: Mapping[str, Any], verb: str, table: str, *, harmless: str) -> int:
        """Raise for the first error of a batch that is not `harmless`; how many were (count)."""
        errors = answer.get("Errors") or []
        for error in errors:
            detail = error.get("ErrorDetail") or error.get("ErrorDetails") or {}
            if detail.get("ErrorCode") == harmless:
                continue
            values = "/".join(error.get("PartitionValues") or error.get("PartitionValueList") or [])
            raise StoreError(
                f"Glue does not {verb} partition {values} ({detail.get('ErrorCode')}: "
                f"{detail.get('ErrorMessage')})",
                where=f"Glue table {self._database}.{table}",
                do="run the command again; evallake register mends the whole catalogue",
            )
        return len(errors)


def partition_key(partition: Mapping[str, Any]) -> PartitionKey:
    """job_id and load_id of a partition, or of what is to become one."""
    job_id, load_id = partition["Values"]
    return job_id, load_id


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
