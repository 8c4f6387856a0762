"""The lake's tables in AWS Glue, where Athena, Trino and BI tools look them up.

    registry ── table_input ──▶ tables         made, or columns added, or refused with the difference
    log ────── partition_input ──▶ partitions  of large tables: one per load, before its event

Decides when a table is made, changed or refused and which partitions there should be. What a
table is in Glue's words is `ingest.lake.glue_tables`; calls in bulk are `ingest.lake.glue_partitions`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ingest.aws.clients import client
from ingest.aws.refusals import error_code, refusals
from ingest.errors import InputError, LakeError, StoreError
from ingest.lake.catalogue import OnStep, TableChange, is_registered
from ingest.lake.fold import Load
from ingest.lake.glue_partitions import GluePartitions, PartitionKey, partition_key
from ingest.lake.glue_tables import (
    Registered,
    differences,
    glue_columns,
    is_current,
    is_own,
    merged_columns,
    partition_input,
    table_input,
    table_location,
    types_only,
)
from ingest.lake.ulid import made_at
from ingest.tables import TABLES, Table

log = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z0-9_]{1,255}")
_TABLES_AT_ONCE = 8
_DIFFERENCES_SHOWN = 3

_T = TypeVar("_T")

Loads = Callable[[], Iterable[Load]]


class GlueCatalogue:
    """One Glue database that holds the tables of one lake, see `ingest.lake.catalogue`."""

    def __init__(self, database: str, root: str, *, glue: Any = None) -> None:
        """
        Args:
            database: its name; InputError where Athena could not use it unquoted.
            root: the lake's address, without a slash at its end.
            glue: a boto3 client of Glue; by default one for the environment's account.
        """
        if not _NAME.fullmatch(database):
            raise InputError(
                f"{database!r} cannot be a Glue database here",
                where="--glue-database",
                do="use small letters, digits and '_'",
            )
        self._database = database
        self._root = root
        self._glue = client("glue") if glue is None else glue
        self._partitions = GluePartitions(self._glue, database)
        self._columns: dict[str, list[dict[str, str]]] = {}
        """Of tables that were checked: their columns as registered, for their partitions."""

    @property
    def name(self) -> str:
        """`Glue database <name>`."""
        return f"Glue database {self._database}"

    def check(self) -> tuple[TableChange, ...]:
        """Have every table there as declared; LakeError with the difference where it cannot be."""
        return self._check(replace_own=False)

    def verify(self) -> None:
        """LakeError that names the first table that is not there, or lacks a column."""
        registered = self._listed()
        for table in TABLES.values():
            do = "bring it up to date with: evallake register"
            if registered is None or table.name not in registered:
                raise LakeError("is not registered", where=self._place(table), do=do)
            self._refuse(table, registered[table.name], replace_own=False)
            lacking = [one.column for one in differences(table, registered[table.name])]
            if lacking:
                what = f"lacks {', '.join(lacking)}, which this version of Evallake reads"
                raise LakeError(what, where=self._place(table), do=do)

    def missing(self, loads: Iterable[Load]) -> list[tuple[str, str]]:
        """Table and job of each partition that `loads` should have and that is not registered.

        Changes nothing, as `verify`.
        """
        known = tuple(loads)

        def look(table: Table) -> list[tuple[str, str]]:
            wanted = list(partition_keys(known, table))
            found = set(self._partitions.found(table.name, wanted))
            return [
                (table.name, job_id) for job_id, load_id in wanted if (job_id, load_id) not in found
            ]

        return [one for missing in self._each(_large_tables(), look) for one in missing]

    def register_load(self, job_id: str, load_id: str, *, tables: Iterable[str]) -> None:
        """Add the load's partition to each of `tables` that has partitions."""
        if not self._columns:
            self.check()

        def register(table: Table) -> int:
            return self._partitions.add(table.name, [self._wanted(table, (job_id, load_id))])

        self._all(tables, register)
        log.info("a load is registered", extra=self._about(job_id, load_id))

    def forget_load(self, job_id: str, load_id: str, *, tables: Iterable[str]) -> None:
        """Remove the load's partitions; its files are not touched."""
        self.forget_loads([(job_id, load_id)], tables=tables)

    def forget_loads(self, loads: Iterable[tuple[str, str]], *, tables: Iterable[str]) -> None:
        """Remove the partitions of many loads, a batch of them in one call."""
        keys = list(loads)

        def forget(table: Table) -> None:
            self._partitions.remove(table.name, keys)

        self._all(tables, forget)
        for job_id, load_id in keys:
            log.info("a load is no longer registered", extra=self._about(job_id, load_id))

    def tidy(self, loads: Loads, *, now: datetime, grace: timedelta) -> int:
        """Remove partitions of loads that have been hidden for longer than `grace`."""
        gone = [load for load in loads() if not is_registered(load, now=now, grace=grace)]
        if not gone:
            return 0

        def remove(table: Table) -> int:
            keys = self._partitions.found(table.name, partition_keys(gone, table))
            self._partitions.remove(table.name, keys)
            return len(keys)

        removed = sum(self._each(_large_tables(), remove))
        if removed:
            facts = {"catalogue": self.name, "loads": len(gone), "partitions": removed}
            log.info("partitions of hidden loads are removed", extra=facts)
            self._register_returned({load.load_id for load in gone}, loads)
        return removed

    def rebuild(
        self, loads: Loads, *, now: datetime, grace: timedelta, on_step: OnStep | None = None
    ) -> tuple[TableChange, ...]:
        """Make tables and partitions what registry and log say.

        A table that is this lake's own gets the declared columns whatever it had; one that is
        not is refused, as by `check`.
        """
        changes = {change.table: change for change in self._check(replace_own=True)}
        known = tuple(loads())
        removed: set[str] = set()

        def rebuild_table(table: Table) -> tuple[TableChange, set[str]]:
            return self._rebuild_partitions(table, known, now=now, grace=grace)

        large = _large_tables()
        for done, (change, gone) in enumerate(self._each(large, rebuild_table), start=1):
            before = changes[change.table]
            changes[change.table] = replace(
                change, action=before.action, columns_added=before.columns_added
            )
            removed |= gone
            if on_step is not None:
                on_step(done, len(large), change.table)
        if removed:
            self._register_returned(removed, loads)
        return tuple(changes[name] for name in TABLES)

    def _about(self, job_id: str, load_id: str) -> dict[str, str]:
        return {"catalogue": self.name, "job_id": job_id, "load_id": load_id}

    def _check(self, *, replace_own: bool) -> tuple[TableChange, ...]:
        """Look at all tables first, so that a refusal leaves the catalogue as it was."""
        registered = self._registered()
        for table in TABLES.values():
            if table.name in registered:
                self._refuse(table, registered[table.name], replace_own=replace_own)
        return tuple(
            self._settle(table, registered.get(table.name), replace_own=replace_own)
            for table in TABLES.values()
        )

    def _registered(self) -> dict[str, Registered]:
        """The database's tables by name; the database is made where there is none."""
        registered = self._listed()
        if registered is not None:
            return registered
        try:
            with self._calling("make this database"):
                self._glue.create_database(
                    DatabaseInput={
                        "Name": self._database,
                        "Description": "Files that Evallake landed; staging models read them.",
                    }
                )
        except StoreError as error:  # another ingest was quicker: it is there all the same
            if error_code(error.__cause__ or error) != "AlreadyExistsException":
                raise
        return {}

    def _listed(self) -> dict[str, Registered] | None:
        """The database's tables by name; None where there is no such database."""
        try:
            with self._calling("look at its tables"):
                pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=self._database)
                return {table["Name"]: table for page in pages for table in page["TableList"]}
        except StoreError as error:
            if error_code(error.__cause__ or error) != "EntityNotFoundException":
                raise
            return None

    def _settle(
        self, table: Table, registered: Registered | None, *, replace_own: bool
    ) -> TableChange:
        """Make the table, or bring it up to the declaration; it was not to be refused."""
        if registered is None:
            wanted = table_input(table, self._root, columns=glue_columns(table))
            try:
                with self._calling("make this table", table):
                    self._glue.create_table(DatabaseName=self._database, TableInput=wanted)
            except StoreError as error:
                if error_code(error.__cause__ or error) != "AlreadyExistsException":
                    raise
                registered = self._table(table)  # another ingest was quicker
                self._refuse(table, registered, replace_own=replace_own)
            else:
                self._columns[table.name] = types_only(wanted)
                log.info("a table is registered", extra={"table": self._place(table)})
                return TableChange(table=table.name, action="created")
        wanted = table_input(table, self._root, columns=merged_columns(table, registered))
        self._columns[table.name] = types_only(wanted)
        if is_current(wanted, registered):
            return TableChange(table=table.name, action="unchanged")
        found = differences(table, registered)
        wanted["Parameters"] = {**registered.get("Parameters", {}), **wanted["Parameters"]}
        with self._calling("change this table", table):
            self._glue.update_table(
                DatabaseName=self._database, TableInput=wanted, SkipArchive=True
            )
        added = tuple(difference.column for difference in found if difference.is_addition)
        log.info(
            "a registered table is changed", extra={"table": self._place(table), "columns": added}
        )
        # After the table: a partition that lacks its last columns reads as nulls meanwhile.
        mended = self._mend_partitions(table) if found and table.is_large else 0
        return TableChange(
            table=table.name, action="changed", columns_added=added, partitions_mended=mended
        )

    def _refuse(self, table: Table, registered: Registered, *, replace_own: bool) -> None:
        """Raise unless the registered table may be brought up to the declaration."""
        where = self._place(table)
        if not is_own(table, self._root, registered):
            location = registered.get("StorageDescriptor", {}).get("Location") or "nowhere"
            raise LakeError(
                f"the database has a table of this name that is not this lake's (it lies at "
                f"{location}, not at {table_location(table, self._root)})",
                where=where,
                do="choose another database with --glue-database, or remove that table",
            )
        found = differences(table, registered)
        if replace_own:
            found = tuple(one for one in found if one.is_partition_key)
        contradictions = [one for one in found if not one.is_addition]
        if contradictions:
            shown = "; ".join(map(str, contradictions[:_DIFFERENCES_SHOWN]))
            more = len(contradictions) - _DIFFERENCES_SHOWN
            raise LakeError(
                "the registered columns contradict the lake's ("
                + shown
                + (f"; and {more} more)" if more > 0 else ")"),
                where=where,
                do="where this is the newest Evallake that writes to the lake, have it mended by: "
                "evallake register"
                if not replace_own
                else "remove the table from Glue and run: evallake register",
            )

    def _mend_partitions(self, table: Table) -> int:
        """Give every registered partition the table's columns and its place; changed (count)."""
        listed = self._partitions.listed(table.name)
        wanted = [self._wanted(table, key) for key in listed]
        stale = [one for one in wanted if not is_current(one, listed[partition_key(one)])]
        self._partitions.replace(table.name, stale)
        return len(stale)

    def _rebuild_partitions(
        self, table: Table, known: Iterable[Load], *, now: datetime, grace: timedelta
    ) -> tuple[TableChange, set[str]]:
        """Add, mend and remove partitions; what was done, and the loads that lost theirs."""
        known = tuple(known)
        shown = [load for load in known if is_registered(load, now=now, grace=grace)]
        hidden = {load.load_id for load in known} - {load.load_id for load in shown}
        listed = self._partitions.listed(table.name)
        wanted = {key: self._wanted(table, key) for key in partition_keys(shown, table)}

        missing = [one for key, one in wanted.items() if key not in listed]
        stale = [
            one for key, one in wanted.items() if key in listed and not is_current(one, listed[key])
        ]

        def is_waste(load_id: str) -> bool:
            """Hidden for long, or never committed by an ingest that began long ago."""
            made = made_at(load_id)
            return load_id in hidden or (made is not None and now - made > grace)

        waste = [key for key in listed if key not in wanted and is_waste(key[1])]
        added = self._partitions.add(table.name, missing)
        self._partitions.replace(table.name, stale)
        self._partitions.remove(table.name, waste)
        change = TableChange(
            table=table.name,
            action="unchanged",
            partitions=len(listed) + added - len(waste),
            partitions_added=added,
            partitions_mended=len(stale),
            partitions_removed=len(waste),
        )
        return change, {load_id for _, load_id in waste}

    def _register_returned(self, removed: set[str], loads: Loads) -> None:
        """Register again what became visible while its partitions were being removed."""
        for load in loads():
            if load.load_id in removed and load.hidden_at_utc is None:
                self.register_load(load.job_id, load.load_id, tables=load.tables)

    def _wanted(self, table: Table, key: PartitionKey) -> dict[str, Any]:
        job_id, load_id = key
        return partition_input(
            table,
            self._root,
            job_id=job_id,
            load_id=load_id,
            columns=self._columns[table.name],
        )

    def _table(self, table: Table) -> Registered:
        with self._calling("look at this table", table):
            answer: Mapping[str, Any] = self._glue.get_table(
                DatabaseName=self._database, Name=table.name
            )
        registered: Registered = answer["Table"]
        return registered

    def _all(self, tables: Iterable[str], work: Callable[[Table], object]) -> None:
        """`work` of those of the named tables that have partitions, and that this version knows."""
        known = [TABLES[name] for name in tables if name in TABLES]
        for _ in self._each([table for table in known if table.is_large], work):
            pass

    def _each(self, tables: Iterable[Table], work: Callable[[Table], _T]) -> Iterator[_T]:
        """`work` of each table, several at once; raises what one of them raised."""
        with ThreadPoolExecutor(_TABLES_AT_ONCE, thread_name_prefix="glue") as pool:
            yield from pool.map(work, tables)

    def _calling(self, doing: str, table: Table | None = None) -> AbstractContextManager[None]:
        return refusals(doing=doing, where=self.name if table is None else self._place(table))

    def _place(self, table: Table) -> str:
        return f"Glue table {self._database}.{table.name}"


def _large_tables() -> list[Table]:
    return [table for table in TABLES.values() if table.is_large]


def partition_keys(loads: Iterable[Load], table: Table) -> list[PartitionKey]:
    """job_id and load_id of those loads that have files in `table`."""
    return [(load.job_id, load.load_id) for load in loads if table.name in load.tables]
