"""`evallake gate`: may this job replace that one?"""

from __future__ import annotations

from pathlib import Path

import click

from evallake.cli.options import (
    configuration,
    format_option,
    option,
    output_option,
    target_option,
)


@click.command(short_help="PASS, FAIL or INCONCLUSIVE against a baseline.")
@option("--baseline", required=True, metavar="JOB", help="The job not to fall short of.")
@option("--candidate", required=True, metavar="JOB", help="The job that is to replace it.")
@option(
    "--rules",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What may drop by how much, in YAML.  [default: correctness by 0.02, by 0.1 in any slice]",
)
@option(
    "--repeated-looks",
    is_flag=True,
    help="Stay valid however often you look while examples come in; needs more of them.",
)
@option(
    "--any-dataset",
    is_flag=True,
    help="Judge by the common examples where the data sets differ.",
)
@format_option("text", "markdown", "json")
@output_option("Write the result there instead of to standard output.")
@option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the rules as JUnit XML, for CI.",
)
@target_option()
@click.pass_context
def gate(
    context: click.Context,
    baseline: str,
    candidate: str,
    rules: Path | None,
    repeated_looks: bool,
    any_dataset: bool,
    format: str,
    output: Path | None,
    junit: Path | None,
    target: str | None,
) -> None:
    """Tell whether CANDIDATE lost more against BASELINE than the rules tolerate.

    FAIL: a drop beyond the tolerated one is proven, however many rules were watched. PASS: it is
    ruled out for every required rule. INCONCLUSIVE: neither, and how many examples would tell. The
    exit code is 0 for PASS, 10 for FAIL, 11 for INCONCLUSIVE.

    \b
    Examples:
      evallake gate --baseline nova-lite --candidate nova-lite-v2
      evallake gate --baseline A --candidate B --rules gate.yml --format markdown --junit gate.xml
    """
    from evallake.gate.output import EXIT_CODES, to_junit, to_markdown, to_plain, to_text
    from evallake.gate.rules import DEFAULT_RULES, read_rules
    from evallake.gate.running import run_gate
    from evallake.output import to_json

    result = run_gate(
        configuration(context, target),
        baseline,
        candidate,
        rules=DEFAULT_RULES if rules is None else read_rules(rules),
        repeated_looks=repeated_looks,
        any_dataset=any_dataset,
    )
    if format == "json":
        text = to_json(to_plain(result)) + "\n"
    else:
        text = to_markdown(result) if format == "markdown" else to_text(result)
    if junit is not None:
        _write(junit, to_junit(result))
    if output is not None:
        _write(output, text)
    else:
        click.echo(text, nl=False)
    context.exit(EXIT_CODES[result.verdict])


def _write(file: Path, text: str) -> None:
    from evallake.errors import OutputError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror}", where=str(file), do="choose another file"
        ) from error
