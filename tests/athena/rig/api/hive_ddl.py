"""Hive's DDL and SHOW statements, read and carried out on Glue.

Decides what each of them does to the catalogue and which rows it shows. Athena gives these to Hive,
not to Trino, so they are the rig's to carry out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.athena.rig.api.hive_tables import read_column, read_properties, read_table
from tests.athena.rig.api.reader import Reader
from tests.athena.rig.api.refusals import QueryFailedError
from tests.athena.rig.api.statements import Statement
from tests.athena.rig.api.storage import Catalogue, Objects

_UNKNOWN = "a statement that the rig knows (see tests/athena/rig/api/hive_ddl.py)"


@dataclass(slots=True)
class Shown:
    """What a statement shows: lines of text under one or more columns."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def carry_out(statement: Statement, database: str, catalogue: Catalogue, objects: Objects) -> Shown:
    """Does what the statement says, in `database` where it names none."""
    return _Hive(Reader(statement), database, catalogue, objects).run()


class _Hive:
    def __init__(
        self, reader: Reader, database: str, catalogue: Catalogue, objects: Objects
    ) -> None:
        self._read = reader
        self._database = database
        self._glue = catalogue
        self._objects = objects

    def run(self) -> Shown:
        read = self._read
        if read.skip("CREATE", "DATABASE") or read.skip("CREATE", "SCHEMA"):
            self._create_database()
        elif read.skip("DROP", "DATABASE") or read.skip("DROP", "SCHEMA"):
            self._drop_database()
        elif read.skip("CREATE", "EXTERNAL", "TABLE"):
            self._create_table()
        elif read.skip("CREATE", "TABLE"):
            raise QueryFailedError(
                "FAILED: CREATE TABLE without EXTERNAL or AS makes Iceberg tables, which the rig"
                " has not"
            )
        elif read.skip("DROP", "TABLE"):
            self._drop_table()
        elif read.skip("ALTER", "TABLE"):
            self._alter_table()
        elif read.skip("MSCK", "REPAIR", "TABLE"):
            self._repair(*self._table_name())
        elif read.skip("SHOW"):
            return self._show()
        elif read.skip("DESCRIBE") or read.skip("DESC"):
            return self._describe()
        else:
            raise read.unexpected(_UNKNOWN)
        return Shown()

    def _table_name(self) -> tuple[str, str]:
        return self._read.table_name(self._database)

    # databases

    def _create_database(self) -> None:
        read = self._read
        may_exist = read.skip("IF", "NOT", "EXISTS")
        name = read.table_name("")[1]
        comment = read.string() if read.skip("COMMENT") else ""
        location = read.string() if read.skip("LOCATION") else ""
        if not self._glue.has_database(name):
            self._glue.create_database(name, location=location, comment=comment)
        elif not may_exist:
            raise QueryFailedError(
                "FAILED: Execution Error, return code 1 from"
                f" org.apache.hadoop.hive.ql.exec.DDLTask. Database {name} already exists"
            )

    def _drop_database(self) -> None:
        read = self._read
        may_miss = read.skip("IF", "EXISTS")
        name = read.table_name("")[1]
        if not self._glue.has_database(name):
            if not may_miss:
                raise QueryFailedError(
                    f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}"
                )
            return
        if self._glue.tables(name) and not read.skip("CASCADE"):
            raise QueryFailedError(
                f"FAILED: Execution Error: Database {name} is not empty. One or more tables exist."
            )
        self._glue.drop_database(name)

    # tables

    def _create_table(self) -> None:
        may_exist = self._read.skip("IF", "NOT", "EXISTS")
        database, name = self._table_name()
        if self._glue.has_table(database, name):
            if may_exist:
                return
            raise QueryFailedError(f"FAILED: Execution Error: Table {name} already exists")
        self._glue.create_table(database, read_table(self._read, name))

    def _drop_table(self) -> None:
        may_miss = self._read.skip("IF", "EXISTS")
        database, name = self._table_name()
        if self._glue.has_table(database, name):
            self._glue.drop_table(database, name)
        elif not may_miss:
            raise QueryFailedError(
                f"FAILED: SemanticException [Error 10001]: Table not found {name}"
            )

    def _alter_table(self) -> None:
        read = self._read
        database, name = self._table_name()
        table = self._glue.table(database, name)
        storage = table["StorageDescriptor"]
        if read.skip("SET", "TBLPROPERTIES"):
            table["Parameters"] = {**table.get("Parameters", {}), **read_properties(read)}
        elif read.skip("SET", "LOCATION"):
            table["StorageDescriptor"] = {**storage, "Location": read.string()}
        elif read.skip("ADD", "COLUMNS"):
            added = read.listed(lambda: read_column(read))
            table["StorageDescriptor"] = {**storage, "Columns": [*storage["Columns"], *added]}
        elif read.skip("REPLACE", "COLUMNS"):
            columns = read.listed(lambda: read_column(read))
            table["StorageDescriptor"] = {**storage, "Columns": columns}
        elif read.skip("ADD"):
            return self._add_partitions(database, table)
        elif read.skip("DROP"):
            return self._drop_partitions(database, table)
        else:
            raise read.unexpected(_UNKNOWN)
        return self._glue.update_table(database, table)

    # partitions

    def _partition_values(self, table: dict[str, Any]) -> list[str]:
        read = self._read

        def pair() -> tuple[str, str]:
            key = read.name()
            read.expect("=")
            return key, read.literal()

        given = dict(read.listed(pair))
        keys = [key["Name"] for key in table["PartitionKeys"]]
        if sorted(given) != sorted(keys):
            raise QueryFailedError(
                f"FAILED: SemanticException partition spec {given} doesn't contain all"
                f" ({len(keys)}) partition columns {keys}"
            )
        return [given[key] for key in keys]

    def _add_partitions(self, database: str, table: dict[str, Any]) -> None:
        may_exist = self._read.skip("IF", "NOT", "EXISTS")
        have = self._registered(database, table["Name"])
        while self._read.skip("PARTITION"):
            values = self._partition_values(table)
            location = self._read.string() if self._read.skip("LOCATION") else None
            if tuple(values) not in have:
                self._register(database, table, values, location)
            elif not may_exist:
                raise QueryFailedError(f"FAILED: AlreadyExistsException: Partition {values} exists")
        if self._read.next:
            raise self._read.unexpected("PARTITION")

    def _drop_partitions(self, database: str, table: dict[str, Any]) -> None:
        may_miss = self._read.skip("IF", "EXISTS")
        have = self._registered(database, table["Name"])
        while self._read.skip("PARTITION"):
            values = self._partition_values(table)
            if tuple(values) in have:
                self._glue.drop_partition(database, table["Name"], values)
            elif not may_miss:
                raise QueryFailedError(f"FAILED: SemanticException Partition not found {values}")
            self._read.skip(",")

    def _registered(self, database: str, name: str) -> set[tuple[str, ...]]:
        return {tuple(found["Values"]) for found in self._glue.partitions(database, name)}

    def _register(
        self, database: str, table: dict[str, Any], values: list[str], location: str | None
    ) -> None:
        storage = table["StorageDescriptor"]
        keys = [key["Name"] for key in table["PartitionKeys"]]
        folder = "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
        where = location or f"{storage['Location'].rstrip('/')}/{folder}"
        self._glue.add_partition(
            database,
            table["Name"],
            {"Values": values, "StorageDescriptor": {**storage, "Location": where}},
        )

    def _repair(self, database: str, name: str) -> None:
        """Registers every `key=value/` folder under the table's location."""
        table = self._glue.table(database, name)
        keys = [key["Name"] for key in table["PartitionKeys"]]
        have = self._registered(database, name)
        root = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
        for uri in self._objects.list(root):
            folders = uri.removeprefix(root).split("/")[: len(keys)]
            pairs = [folder.partition("=") for folder in folders]
            values = [value for _, _, value in pairs]
            if [key for key, _, _ in pairs] == keys and tuple(values) not in have:
                have.add(tuple(values))
                self._register(database, table, values, root + "/".join(folders))

    # what there is

    def _show(self) -> Shown:
        read = self._read
        if read.skip("DATABASES") or read.skip("SCHEMAS"):
            return Shown(["database_name"], self._matching(self._glue.databases()))
        if read.skip("TABLES"):
            return Shown(["tab_name"], self._matching(self._names(views=None)))
        if read.skip("VIEWS"):
            return Shown(["views"], self._matching(self._names(views=True)))
        if read.skip("COLUMNS"):
            self._in()
            table = self._glue.table(*self._table_name())
            return Shown(["field"], [[c["Name"]] for c in _columns(table)])
        if read.skip("PARTITIONS"):
            return Shown(["partition"], self._partition_names())
        if read.skip("TBLPROPERTIES"):
            table = self._glue.table(*self._table_name())
            return Shown(
                ["prpt_name", "prpt_value"], [list(p) for p in table["Parameters"].items()]
            )
        raise read.unexpected(_UNKNOWN)

    def _in(self) -> bool:
        return self._read.skip("IN") or self._read.skip("FROM")

    def _names(self, *, views: bool | None) -> list[str]:
        database = self._read.table_name("")[1] if self._in() else self._database
        tables = self._glue.tables(database)
        return [t["Name"] for t in tables if views is None or _is_view(t) is views]

    def _matching(self, names: list[str]) -> list[list[str]]:
        """The names that match the pattern ahead, if there is one: `*` stands for anything."""
        self._read.skip("LIKE")
        if self._read.next is None:
            return [[name] for name in names]
        pattern = re.compile(self._read.string().replace(".*", "*").replace("*", ".*"))
        return [[name] for name in names if pattern.fullmatch(name)]

    def _partition_names(self) -> list[list[str]]:
        database, name = self._table_name()
        keys = [key["Name"] for key in self._glue.table(database, name)["PartitionKeys"]]
        found = (partition["Values"] for partition in self._glue.partitions(database, name))
        return sorted(
            ["/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))]
            for values in found
        )

    def _describe(self) -> Shown:
        _ = self._read.skip("EXTENDED") or self._read.skip("FORMATTED")
        table = self._glue.table(*self._table_name())
        rows = [[c["Name"], c["Type"], c.get("Comment") or ""] for c in _columns(table)]
        if keys := table["PartitionKeys"]:
            rows += [["", "", ""], ["# Partition Information", "", ""]]
            rows += [["# col_name", "data_type", "comment"], ["", "", ""]]
            rows += [[key["Name"], key["Type"], key.get("Comment") or ""] for key in keys]
        return Shown(["col_name", "data_type", "comment"], rows)


def _columns(table: dict[str, Any]) -> list[dict[str, str]]:
    return [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]


def _is_view(table: dict[str, Any]) -> bool:
    return bool(table.get("TableType") == "VIRTUAL_VIEW")
