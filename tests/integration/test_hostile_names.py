"""Names made to be run: through ingest, build, query, gate and report they stay text.

Two jobs whose model, task, metrics, metadata, answers and tags are attacks on a path, a SQL text, a
template, a page or a terminal. Nothing of it may come out as anything but itself.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from evallake.cli import cli
from tests.fixtures.container_trees import Row, nova, results, write_details, write_results

PAYLOADS = (
    "'; drop table loads; --",
    '"><img src=x onerror="document.title=\'owned\'">',
    "<script>document.title='owned'</script>",
    "{{ 7 * 191 }}{% raw %}",
    "../../../etc/passwd",
    "\x1b]0;owned\x07\x1b[31mred",
    "\u202egnp.exe",
    "__proto__",
    "a\nb\r\nc\td",
    "\x00nul",
    "</style><svg onload=document.title='owned'>",
    "@everyone [x](javascript:alert(1)) `rm -rf`",
    "=cmd|' /C calc'!A0",
)
EXAMPLES = 36
TASK = "custom|gen_qa_gen_qa'; drop table jobs; --<b>|0"
TIMES = ("2025-11-06T17-58-52.783156+00-00", "2025-11-07T17-58-52.783156+00-00")
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""What must not reach a terminal."""


def write_job(folder: Path, stamp: str, *, right: int) -> Path:
    """A job of which one in `right` examples is wrong, every name an attack."""
    rows = []
    for number in range(EXAMPLES):
        word = PAYLOADS[number % len(PAYLOADS)]
        said = "wrong" if number % right == 0 else word
        rows.append(
            Row(
                query=f"{word} {number}",
                golds=[json.dumps({"class": word})],
                predictions=[json.dumps({"class": said})],
                system=word,
                metadata=json.dumps(dict.fromkeys(PAYLOADS[:4], word) | {"plain": word}),
                metrics={"em": 0.5, "'; drop table x; --": 1.0, "<b>{{ 7 * 191 }}": 0.0},
            )
        )
    output = folder / "$(id)'; --" / "eval_results"
    write_details(output, nova(rows), key=TASK, stamp=stamp)
    content = results({TASK: EXAMPLES})
    content["config_general"]["model_name"] = PAYLOADS[1]
    write_results(output, content, stamp=stamp)
    return folder


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A published lake of two such jobs, and their ids."""
    folder = tmp_path_factory.mktemp("it's {{ 7 }}")
    root = folder / "lake'; --"
    for number, right in enumerate((3, 2)):
        source = write_job(folder / f"job {number}", TIMES[number], right=right)
        tags = [f"--tag=<i>{PAYLOADS[0]}={PAYLOADS[2]}", "--model", f"{PAYLOADS[1]}{number}"]
        done = run(root, "ingest", str(source), *tags, "--format", "json")
        assert done.exit_code == 0, done.output
    jobs = [job["job_id"] for job in json.loads(run(root, "jobs", "--format", "json").stdout)]
    assert len(jobs) == 2
    done = run(root, "build")
    assert done.exit_code == 0, done.output
    return root, sorted(jobs)


def run(root: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["--root", str(root), *arguments], prog_name="evallake")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_no_name_becomes_a_path(lake: tuple[Path, list[str]]) -> None:
    root, jobs = lake
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", job) for job in jobs)
    strangers = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if not re.fullmatch(r"[\w.=/-]+", path.relative_to(root).as_posix())
    ]
    assert strangers == []


def test_the_tables_hold_every_name_as_it_was(lake: tuple[Path, list[str]]) -> None:
    root, _ = lake
    sql = "select distinct metadata_value as word from stg_lake__example_metadata"
    done = run(root, "query", "--sql", sql, "--format", "json")
    assert done.exit_code == 0, done.output
    words = {row["word"] for row in json.loads(done.stdout)}
    assert set(PAYLOADS) - words <= {"\x00nul"}, "none was cut, run or escaped"
    done = run(root, "query", "--sql", "select model_name, task_name from dim_jobs")
    assert "1337" not in done.stdout


def test_nothing_raw_reaches_a_terminal(lake: tuple[Path, list[str]]) -> None:
    root, jobs = lake
    commands = [
        ("jobs",),
        ("show", jobs[0]),
        ("query", "job_summary"),
        ("query", "segments_needing_attention"),
        ("query", "--sql", "select * from stg_lake__examples limit 40"),
        ("gate", "--baseline", jobs[0], "--candidate", jobs[1]),
        ("drop", "no such\x1b[31m\njob"),
        ("ingest", str(root / "nowhere\x1b[31m\n")),
    ]
    for command in commands:
        done = run(root, *command)
        assert RAW.search(done.output) is None, (command, RAW.findall(done.output))


def test_the_gates_output_stays_what_it_is(lake: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, jobs = lake
    said = ("gate", "--baseline", jobs[0], "--candidate", jobs[1])
    junit = tmp_path / "junit.xml"
    done = run(root, *said, "--format", "markdown", "--junit", str(junit))
    assert done.exit_code in (0, 10, 11), done.output
    widths = {line.count(" | ") for line in done.stdout.splitlines() if line.startswith("| ")}
    assert len(widths) == 1, "no name adds a column"
    assert re.search(r"(?<!\\)<(?:img|script|svg)", done.stdout) is None
    cases = ElementTree.parse(junit).findall(".//testcase")
    assert any("drop table" in str(case.get("name")) for case in cases)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def report(lake: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, _ = lake
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = run(root, "report", "--output", str(path))
    assert done.exit_code == 0, done.output
    return path


def test_the_report_holds_names_as_text(report: Path) -> None:
    page = _Page()
    page.feed(report.read_text(encoding="utf-8"))
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert all(link.startswith(("#", "data:,")) for link in page.links), page.links
    text = "".join(page.text)
    assert "onerror=" in text
    assert "1337" not in text
    assert RAW.search(text.replace("\n", "")) is None


def test_a_browser_runs_nothing_of_the_report(report: Path, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    text = report.read_text(encoding="utf-8")
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert bare != text, "the page forbids scripts"
    copy = tmp_path / "report.html"
    copy.write_text(bare, encoding="utf-8")  # the policy is the second line of defence
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'user'}"]
    done = subprocess.run(
        [chromium, *flags, "--virtual-time-budget=2000", "--dump-dom", copy.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    titles = [re.search(r"<title>.*?</title>", page) for page in (text, done.stdout)]
    assert titles[0] is not None and titles[1] is not None, done.stderr[-500:]
    assert titles[0][0] == titles[1][0]  # every payload would set it
    assert "<title>owned" not in done.stdout
