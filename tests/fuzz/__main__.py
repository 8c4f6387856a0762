"""`python -m tests.fuzz kernels|archive --seconds N`: a run of atheris, see README.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

_CORPUS = Path(__file__).parent / "corpus"
_LONGEST = {"kernels": 700, "archive": 8192}


def main() -> None:
    """Fuzz until the time is up or something fails; the exit code is atheris's."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(_LONGEST))
    parser.add_argument("--seconds", type=int, default=1200)
    parser.add_argument("--found", type=Path, help="where new inputs are kept; else nowhere")
    given = parser.parse_args()
    check = _kernels() if given.target == "kernels" else _archive()
    with tempfile.TemporaryDirectory(prefix="evallake-fuzz-") as scratch:
        found = given.found or Path(scratch)
        found.mkdir(parents=True, exist_ok=True)
        options = [
            f"-max_total_time={given.seconds}",
            f"-max_len={_LONGEST[given.target]}",
            "-timeout=1200",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            f"-dict={_CORPUS / given.target}.dict",
        ]
        atheris.Setup(
            [sys.argv[0], *options, str(found), str(_CORPUS / given.target)],
            check,
            internal_libfuzzer=True,
        )
        atheris.Fuzz()


def _kernels() -> object:
    with atheris.instrument_imports(include=["ingest.parsing"]):
        from tests.fuzz import pure  # noqa: F401  first: it is what keeps kernels interpreted
        from tests.fuzz.compiled import Compiled
        from tests.fuzz.targets import check_kernels
    compiled = Compiled()
    for path in sorted((_CORPUS / "kernels").iterdir()):
        compiled.check(path.read_bytes())  # loads every kernel before the clock runs

    def check(data: bytes) -> None:
        # interpreted integers differ, so that only the compiled answer counts
        with suppress(ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
            check_kernels(data)
        compiled.check(data)

    return check


def _archive() -> object:
    with atheris.instrument_imports(include=["ingest.sources"]):
        from tests.fuzz.targets import check_archive
    return check_archive


main()
