"""`evallake doctor`: is everything there that the other verbs need?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from evallake.cli.options import configuration, format_option, option, target_option

EXIT_FAILED = 4
"""As of a store that refuses: something has to be mended before the other verbs work."""


@click.command(short_help="Is everything there, and what is to be mended?")
@target_option()
@option("--read-only", is_flag=True, help="Do not try to write to the lake: for who only asks.")
@format_option("text", "json")
@click.pass_context
def doctor(context: click.Context, target: str | None, read_only: bool, format: str) -> None:
    """Look at this machine, the lake, the catalogue and the published tables, and say what is wrong.

    OK: as it should be. WARN: works, and somebody should know. FAIL: something will not work, and
    the exit code is 4. Nothing is mended, and no secret is shown. In the lake one small object is
    made and removed again, unless --read-only.

    \b
    Example:
      evallake doctor
      evallake doctor --target athena --format json
    """
    from evallake.doctor import FAIL, OK, WARN, examine
    from evallake.output import to_json
    from evallake.text import visible

    config = configuration(context, target)
    findings = []
    for finding in examine(config, now=lambda: datetime.now(UTC), may_write=not read_only):
        findings.append(finding)
        if format == "text":
            do = f"; {finding.do}" if finding.do else ""
            click.echo(f"{finding.verdict:<4}  {finding.check:<16}  {visible(finding.told + do)}")
    verdicts = {finding.verdict for finding in findings}
    worst = FAIL if FAIL in verdicts else WARN if WARN in verdicts else OK
    if format == "json":
        told = {"lake": config.root, "verdict": worst, "findings": [asdict(f) for f in findings]}
        click.echo(to_json(told))
    if worst == FAIL:
        context.exit(EXIT_FAILED)
