"""Trino's configuration files: a small engine that behaves like Athena.

Decides every setting and says why. Does not start Trino. Two catalogs: `awsdatacatalog`, named so
that Athena's spelling of a table needs no rewriting, and `memory` for plain expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CATALOG = "awsdatacatalog"
REGION = "us-east-1"
ACCESS_KEY = "rig"
SECRET_KEY = "rig-secret"
WAREHOUSE_BUCKET = "rig-warehouse"

MAX_QUERY_BYTES = 262_144
MAX_PARTITIONS_PER_WRITE = 100


@dataclass(frozen=True, slots=True)
class TrinoSettings:
    """What differs from one start to the next."""

    port: int
    """Free port on the loopback interface."""
    aws_url: str
    """Where S3 and Glue answer."""
    heap: str
    """The JVM's -Xmx."""


def write_configuration(folder: Path, settings: TrinoSettings, *, plugins: Path) -> None:
    """Writes `jvm.config`, `config.properties` and `catalog/*.properties` into `folder`."""
    (folder / "catalog").mkdir(parents=True, exist_ok=True)
    _write(folder / "jvm.config", _jvm(settings))
    _write(folder / "config.properties", _server(settings, folder=folder, plugins=plugins))
    _write(folder / "log.properties", _LOGGING)
    _write(folder / f"catalog/{CATALOG}.properties", _glue_and_s3(settings))
    _write(folder / "catalog/memory.properties", "connector.name=memory")


def _write(path: Path, text: str) -> None:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")


def _jvm(settings: TrinoSettings) -> str:
    return f"""
        -server
        -Xms{settings.heap}
        -Xmx{settings.heap}
        -XX:NewRatio=1                        # what a statement needs is over before it is collected
        -XX:+UseSerialGC                      # two cores, one small heap: the least overhead
        -XX:TieredStopAtLevel=1               # statements here are small and each is new
        -XX:MetaspaceSize=512M                # each statement makes classes: no full collection for them
        -XX:+ExitOnOutOfMemoryError
        -XX:-OmitStackTraceInFastThrow
        -XX:ReservedCodeCacheSize=256M
        -Djdk.attach.allowAttachSelf=true
        -Dfile.encoding=UTF-8
        -Duser.timezone=UTC
    """


def _server(settings: TrinoSettings, *, folder: Path, plugins: Path) -> str:
    return f"""
        node.environment=rig
        node.id=rig-1
        node.bind-ip=127.0.0.1
        node.internal-address=127.0.0.1
        coordinator=true
        node-scheduler.include-coordinator=true
        http-server.http.port={settings.port}
        http-server.log.enabled=false
        discovery.uri=http://127.0.0.1:{settings.port}
        plugin.dir={plugins}
        catalog.config-dir={folder}/catalog
        log.levels-file={folder}/log.properties
        web-ui.enabled=false
        query.max-memory=2GB
        query.max-memory-per-node=1500MB
        query.max-length={4 * MAX_QUERY_BYTES}       # the API in front refuses at Athena's limit
        query.max-execution-time=30m                  # Athena's limit for DML
        query.max-history=20
        query.min-expire-age=1m
        task.info-update-interval=10s                 # statements are over before anybody looks
        task.min-writer-count=1                       # one writer, so that the limit of partitions
        task.max-writer-count=1                       #   counts the statement, not the writer
        scale-writers=false
        task.scale-writers.enabled=false
    """


# Errors reach whoever sent the statement; the log is for what happens to the engine itself.
_LOGGING = """
    io.trino=WARN
    io.airlift=WARN
    org.glassfish=ERROR
    io.trino.server.Server=INFO
    Bootstrap=WARN
"""


def _glue_and_s3(settings: TrinoSettings) -> str:
    return f"""
        connector.name=hive
        hive.metastore=glue
        hive.metastore.glue.region={REGION}
        hive.metastore.glue.endpoint-url={settings.aws_url}
        hive.metastore.glue.aws-access-key={ACCESS_KEY}
        hive.metastore.glue.aws-secret-key={SECRET_KEY}
        hive.metastore.glue.default-warehouse-dir=s3://{WAREHOUSE_BUCKET}/
        hive.metastore.glue.partitions-segments=1
        hive.metastore.glue.max-error-retries=1
        fs.hadoop.enabled=false                       # no Hadoop: half the download, and quicker
        fs.native-s3.enabled=true
        s3.endpoint={settings.aws_url}
        s3.region={REGION}
        s3.path-style-access=true
        s3.aws-access-key={ACCESS_KEY}
        s3.aws-secret-key={SECRET_KEY}
        s3.max-connections=50
        hive.security=allow-all
        hive.non-managed-table-writes-enabled=true
        hive.table-statistics-enabled=false
        hive.collect-column-statistics-on-write=false
        hive.max-partitions-per-writers={MAX_PARTITIONS_PER_WRITE}
        hive.partition-projection-enabled=true
        hive.recursive-directories=true
        hive.timestamp-precision=MILLISECONDS
        parquet.use-column-index=false                # releases up to 435 can read wrongly with it
    """
