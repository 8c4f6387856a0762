"""Where engines find the tables: Glue's entries against the lake's, and Athena's workgroup."""

from __future__ import annotations

from collections.abc import Iterator

from evallake.config import AthenaPlace, Config
from evallake.doctor.verdicts import FAIL, OK, WARN, Finding, refused
from ingest.aws.clients import client
from ingest.aws.refusals import botocore_errors, error_code, refusal, refusals
from ingest.errors import IngestError
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue
from ingest.tables import TABLES

_REGISTER = "evallake register"


def look_at_glue(config: Config, lake: Lake) -> Iterator[Finding]:
    """Whether every table and every visible load is registered as it should be."""
    assert config.glue_database is not None
    try:
        catalogue = GlueCatalogue(config.glue_database, config.root)
        catalogue.verify()
    except IngestError as error:
        yield refused("glue tables", error)
        return
    yield Finding(
        "glue tables", OK, f"database {config.glue_database} has all {len(TABLES)} as declared"
    )
    visible = list(lake.current().values())
    try:
        missing = catalogue.missing(visible)
    except IngestError as error:
        yield refused("glue partitions", error)
        return
    if missing:
        table, job = missing[0]
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        told = f"{job} is not in {table}{more}: Athena does not see these rows"
        yield Finding("glue partitions", FAIL, told, _REGISTER)
    else:
        yield Finding("glue partitions", OK, f"all of {len(visible):,} visible jobs")


def look_at_athena(place: AthenaPlace) -> Iterator[Finding]:
    """Whether the workgroup works as builds want it, and whether something was built."""
    where = f"workgroup {place.workgroup}"
    try:
        found = client("athena").get_work_group(WorkGroup=place.workgroup).get("WorkGroup")
    except botocore_errors() as error:
        told = refusal(error, doing="look at it", where=where)
        do = f"{told.do}; another one is named with EVALLAKE_ATHENA_WORKGROUP"
        yield Finding("athena workgroup", FAIL, f"{where}: {told.what}", do)
        return
    if found is None:
        do = "name one that exists with EVALLAKE_ATHENA_WORKGROUP"
        yield Finding("athena workgroup", FAIL, f"there is no {where}", do)
        return
    yield _workgroup(found, place)
    yield _built(place)


def _workgroup(found: dict[str, object], place: AthenaPlace) -> Finding:
    check, where = "athena workgroup", place.workgroup
    settings = found.get("Configuration")
    assert isinstance(settings, dict)
    if found.get("State") == "DISABLED":
        return Finding(check, FAIL, f"{where} is switched off", "switch it on, or name another")
    results = settings.get("ResultConfiguration", {}).get("OutputLocation")
    if results and settings.get("EnforceWorkGroupConfiguration"):
        return Finding(
            check,
            WARN,
            f"{where} insists on {results}: good for questions, builds are refused there",
            "build in one that leaves the place to the client (docs/aws/workgroup-build.json)",
        )
    limit = settings.get("BytesScannedCutoffPerQuery")
    if not limit:
        told = f"{where} has no limit on what a statement scans, and each byte is paid for"
        return Finding(check, WARN, told, "set one, as docs/aws/workgroup-build.json does")
    return Finding(
        check, OK, f"{where}, at most {limit / 1e9:,.0f} GB a statement, results in {place.staging}"
    )


def _built(place: AthenaPlace) -> Finding:
    """Whether a build has been there."""
    where = f"database {place.schema}"
    try:
        with refusals(doing="look at its tables", where=where):
            client("glue").get_table(DatabaseName=place.schema, Name="build_info")
    except IngestError as error:
        if error_code(error.__cause__ or error) == "EntityNotFoundException":
            return Finding(
                "published tables",
                WARN,
                f"nothing was built in {where} yet",
                "evallake build --target athena",
            )
        return refused("published tables", error)
    return Finding("published tables", OK, where)
