"""The S3 objects and Glue entries that statements touch, held by moto in this process.

The only module of the API that knows moto's inside. Decides nothing: it is here because each of
these calls would cost ten milliseconds over HTTP and a statement needs several.
"""

from __future__ import annotations

from typing import Any

from tests.athena.rig.api.refusals import QueryFailedError
from tests.athena.rig.configuration import REGION

TableInput = dict[str, Any]
Partition = dict[str, Any]

_NOT_IN_INPUT = {"DatabaseName", "CreateTime", "UpdateTime", "VersionId", "CatalogId"}


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class Objects:
    """S3 objects by URI."""

    def __init__(self) -> None:
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def has_bucket(self, uri: str) -> bool:
        """Whether the bucket of `uri` exists."""
        return split_uri(uri)[0] in self._backend.buckets

    def create_bucket(self, name: str) -> None:
        """Makes bucket `name` unless it exists."""
        if name not in self._backend.buckets:
            self._backend.create_bucket(name, REGION)

    def put(self, uri: str, content: bytes) -> None:
        """Stores `content` at `uri`."""
        bucket, key = split_uri(uri)
        self._backend.put_object(bucket, key, content)

    def get(self, uri: str) -> bytes | None:
        """What is stored at `uri`, None where nothing is."""
        bucket, key = split_uri(uri)
        found = self._backend.get_object(bucket, key)
        return None if found is None else bytes(found.value)

    def list(self, uri: str) -> list[str]:
        """URIs of all objects whose URI begins with `uri`, in order."""
        bucket, prefix = split_uri(uri)
        if bucket not in self._backend.buckets:
            return []
        keys = self._backend.buckets[bucket].keys
        return sorted(f"s3://{bucket}/{key}" for key in list(keys) if key.startswith(prefix))


class Catalogue:
    """Glue databases, tables and partitions. A missing one is a `QueryFailedError`."""

    def __init__(self) -> None:
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.glue.models import glue_backends

        self._glue = glue_backends[DEFAULT_ACCOUNT_ID][REGION]

    def databases(self) -> list[str]:
        """Names of all databases, in order."""
        return sorted(self._glue.databases)

    def has_database(self, name: str) -> bool:
        """Whether database `name` exists."""
        return name in self._glue.databases

    def create_database(self, name: str, *, location: str = "", comment: str = "") -> None:
        """Makes database `name`."""
        described = {"Name": name, "LocationUri": location, "Description": comment}
        self._glue.create_database(name, {key: v for key, v in described.items() if v}, None)

    def drop_database(self, name: str) -> None:
        """Removes database `name` with its tables' entries; their files stay."""
        self._glue.delete_database(name)

    def tables(self, database: str) -> list[dict[str, Any]]:
        """All tables of a database as Glue describes them, in order of name."""
        if database not in self._glue.databases:
            raise QueryFailedError(
                f"FAILED: SemanticException [Error 10072]: Database {database} not found"
            )
        described = [table.as_dict() for table in self._glue.databases[database].tables.values()]
        return sorted(described, key=lambda table: table["Name"])

    def has_table(self, database: str, name: str) -> bool:
        """Whether a table or view of this name exists."""
        return database in self._glue.databases and name in self._glue.databases[database].tables

    def table(self, database: str, name: str) -> dict[str, Any]:
        """A table as Glue describes it."""
        if not self.has_table(database, name):
            raise QueryFailedError(
                f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
            )
        return self._glue.get_table(database, name).as_dict()

    def create_table(self, database: str, table: TableInput) -> None:
        """Makes the table described by `table`."""
        if database not in self._glue.databases:
            raise QueryFailedError(
                f"FAILED: SemanticException [Error 10072]: Database {database} not found"
            )
        self._glue.create_table(database, table["Name"], table, None)

    def update_table(self, database: str, table: dict[str, Any]) -> None:
        """Replaces a table's description, which may be one that `table()` gave."""
        given = {key: value for key, value in table.items() if key not in _NOT_IN_INPUT}
        self._glue.update_table(database, table["Name"], given)

    def drop_table(self, database: str, name: str) -> None:
        """Removes a table's entry; its files stay."""
        self._glue.delete_table(database, name)

    def partitions(self, database: str, name: str) -> list[Partition]:
        """All partitions of a table as Glue describes them."""
        self.table(database, name)
        return [found.as_dict() for found in self._glue.get_partitions(database, name, "")]

    def add_partition(self, database: str, name: str, partition: Partition) -> None:
        """Adds one partition, given as `Values` and `StorageDescriptor`."""
        self._glue.create_partition(database, name, partition)

    def drop_partition(self, database: str, name: str, values: list[str]) -> None:
        """Removes one partition's entry; its files stay."""
        self._glue.delete_partition(database, name, values)
