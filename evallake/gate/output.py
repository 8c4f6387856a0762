"""A gate's result for people, pull requests, CI and machines: text, Markdown, JUnit, JSON.

Decides how a verdict looks and what exit code it has, never what it is.
"""

from __future__ import annotations

from dataclasses import asdict
from xml.etree import ElementTree

from evallake.gate.deciding import FAIL, INCONCLUSIVE, PASS
from evallake.gate.results import GateResult, RuleResult
from evallake.text import NOTHING, visible

EXIT_CODES = {PASS: 0, FAIL: 10, INCONCLUSIVE: 11}
"""Of the process; errors keep 2, 3 and 4."""

_COLUMNS = (
    "verdict", "rule", "required", "examples", "delta", "lower bound", "may drop",
    "p (Holm)", "detectable drop", "examples to decide",
)  # fmt: skip


_NOTHING_THERE = "\u200b"
"""A space without width: keeps the letters around it from being read as one word."""


def _signed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.4f}"


def _p(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _cells(rule: RuleResult) -> list[str]:
    drop = rule.detectable_drop
    needed = rule.pairs_to_decide
    return [
        rule.verdict,
        visible(rule.title),
        "yes" if rule.is_required else "no",
        f"{rule.pairs:,}",
        _signed(rule.delta),
        _signed(rule.lower),
        f"{rule.max_drop:g}",
        _p(rule.p_drop_holm),
        NOTHING if drop is None else f"{drop:.4f}",
        NOTHING if needed is None else f"{needed:,}",
    ]


def sentence(result: GateResult) -> str:
    """The verdict in one sentence."""
    counts = {
        verdict: sum(rule.verdict == verdict for rule in result.rules)
        for verdict in (PASS, FAIL, INCONCLUSIVE)
    }
    shares = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    return (
        f"{result.verdict}: {visible(result.candidate)} against {visible(result.baseline)},"
        f" {result.overlap:,} examples in common; of {len(result.rules)} rules {shares}"
    )


def _remarks(result: GateResult) -> list[str]:
    remarks = [f"Of the pair: {visible(result.finding)}."] if result.finding else []
    if result.is_for_repeated_looks:
        remarks.append("Decided by betting: valid however often this is looked at.")
    exact = [rule for rule in result.rules if rule.method == "exact"]
    if exact:
        remarks.append(
            f"{len(exact)} rules have too few clusters, or too few that changed, for t: exact tests."
        )
    return remarks + [
        f"{visible(rule.title)}: {visible(rule.note)}." for rule in result.rules if rule.note
    ]


def _explained() -> str:
    return (
        "delta: candidate minus baseline, above 0 is better; lower bound: one-sided, 95 %; PASS: it"
        " is above minus what may drop. FAIL: p for \u201cno more than that was lost\u201d, adjusted"
        " by Holm, is at most 0.05. Detectable drop: one that FAILs four times in five here."
        " Examples to decide: with them a model that lost nothing PASSes four times in five; where"
        " there are more already, the change lies close to what may drop."
    )


def to_text(result: GateResult) -> str:
    """For a terminal: worst rules first."""
    rows = [list(_COLUMNS), *(_cells(rule) for rule in _worst_first(result))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    lines = [sentence(result), ""]
    for row in rows:
        cells = [
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines += ["", *_remarks(result), _explained()]
    return "\n".join(lines) + "\n"


def to_markdown(result: GateResult) -> str:
    """For a pull request."""
    lines = [f"### Gate: {result.verdict}", "", _escaped(sentence(result)) + ".", ""]
    lines += [
        "| " + " | ".join(_COLUMNS) + " |",
        "|---|---|---|" + "---:|" * (len(_COLUMNS) - 3),
    ]
    for rule in _worst_first(result):
        lines.append("| " + " | ".join(_escaped(cell) for cell in _cells(rule)) + " |")
    lines.append("")
    lines += [f"- {_escaped(remark)}" for remark in _remarks(result)]
    lines += ["", _explained()]
    return "\n".join(lines) + "\n"


def _worst_first(result: GateResult) -> list[RuleResult]:
    order = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}
    return sorted(
        result.rules, key=lambda rule: (order[rule.verdict], not rule.is_required, rule.delta or 0)
    )


def _escaped(text: str) -> str:
    """Foreign text in Markdown as itself: no markup, and nobody mentioned or linked to."""
    text = text.replace("&", "&amp;")
    for character in "\\`*_|<>[]~":
        text = text.replace(character, f"\\{character}")
    for start in ("@", "#", "://", "www."):
        text = text.replace(start, f"{start[0]}{_NOTHING_THERE}{start[1:]}")
    return text


def to_junit(result: GateResult) -> str:
    """JUnit XML: a FAIL is a failure, a required INCONCLUSIVE an error, any other is skipped."""
    cases = result.rules
    held_up = [rule for rule in cases if rule.verdict == INCONCLUSIVE and rule.is_required]
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(f"evallake gate: {result.candidate} against {result.baseline}"),
        tests=str(len(cases)),
        failures=str(sum(rule.verdict == FAIL for rule in cases)),
        errors=str(len(held_up)),
        skipped=str(sum(rule.verdict == INCONCLUSIVE for rule in cases) - len(held_up)),
    )
    for rule in cases:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(rule.metric), name=_xml(rule.title)
        )
        said = "; ".join(
            f"{name} {cell}" for name, cell in zip(_COLUMNS, _cells(rule), strict=True)
        )
        if rule.verdict == FAIL:
            ElementTree.SubElement(
                case, "failure", message="dropped by more than tolerated"
            ).text = _xml(said)
        elif rule in held_up:
            ElementTree.SubElement(case, "error", message="inconclusive").text = _xml(said)
        elif rule.verdict == INCONCLUSIVE:
            ElementTree.SubElement(case, "skipped", message=_xml(f"inconclusive; {said}"))
        else:
            ElementTree.SubElement(case, "system-out").text = _xml(said)
    suites = ElementTree.Element("testsuites", name="evallake gate")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return visible(text)


def to_plain(result: GateResult) -> dict[str, object]:
    """For machines: plain values under the names of `GateResult` and `RuleResult`."""
    return asdict(result)
