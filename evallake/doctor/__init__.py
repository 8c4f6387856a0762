"""`evallake doctor`: is everything there that the other verbs need, and what is to be mended?

    machine     Python, packages, the dbt project, room on the disks, what reads S3
    aws         region, credentials, clock, the bucket's own settings
    lake        is there one, can it be read and written, does it say the same everywhere
    catalogue   Glue's tables and partitions, Athena's workgroup
    published   the file that questions read

Each room looks and says what it saw; nothing is mended, and the only thing ever written is one
small object in the lake, removed at once, to see whether it can be. An account without credentials
is told once: what needs them is then not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from evallake.config import Config
from evallake.doctor.verdicts import FAIL, OK, WARN, Finding

__all__ = ["FAIL", "OK", "WARN", "Finding", "examine"]


def examine(
    config: Config, *, now: Callable[[], datetime], may_write: bool = True
) -> Iterator[Finding]:
    """What there is to say, one finding after another as they are found.

    Args:
        config: the lake, and where its tables are published.
        now: the clock, aware.
        may_write: whether to try to write to the lake.
    """
    from evallake.doctor.lake import look_at_lake
    from evallake.doctor.machine import look_at_machine
    from evallake.doctor.published import look_at_published

    yield from look_at_machine(config)
    if config.is_remote:
        from evallake.doctor.aws import look_at_account, look_at_bucket

        account = list(look_at_account(config))
        yield from account
        if any(finding.verdict == FAIL for finding in account):
            return
        yield from look_at_bucket(config, now=now)
    lake, findings = look_at_lake(config, now=now, may_write=may_write)
    yield from findings
    if config.glue_database is not None and lake is not None:
        from evallake.doctor.catalogue import look_at_glue

        yield from look_at_glue(config, lake)
    if config.athena is not None:
        from evallake.doctor.catalogue import look_at_athena

        yield from look_at_athena(config.athena)
    else:
        yield from look_at_published(config, lake)
