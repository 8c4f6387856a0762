"""What the application raises on purpose, besides what `ingest` raises.

They hang on the same tree (see `ingest.errors`), so that the command line prints every expected
error as one line and knows its exit code.

InputError                     exit 3
├── NotBuiltError              there is no published DuckDB file yet: run `evallake build`
├── QuestionError              no such question, or SQL that does not run
├── ComparisonError            two jobs that cannot be held against each other as asked
├── RulesError                 a rule of a gate that cannot be used
├── DataTestError              the build's own tests found data that breaks a promise
├── HeldError                  a load that is kept from sight: a critical expectation failed
├── UnmetError                 loads of the lake that fail a critical expectation
└── ValidationError            an expectation that cannot be evaluated
StoreError                     exit 4
├── BusyError                  another build of the same file is under way
└── OutputError                a result cannot be written where it was asked for
"""

from __future__ import annotations

from ingest.errors import InputError, StoreError


class NotBuiltError(InputError):
    """There is nothing to read yet."""


class QuestionError(InputError):
    """A question that does not exist, or SQL that the engine refuses."""


class DataTestError(InputError):
    """Tests of the build failed; `failures` names them. Nothing was published."""

    def __init__(self, failures: tuple[str, ...], *, where: str, do: str) -> None:
        self.failures = failures
        shown = ", ".join(failures[:3])
        more = f" and {len(failures) - 3} more" if len(failures) > 3 else ""
        super().__init__(f"{len(failures)} failed: {shown}{more}", where=where, do=do)


class HeldError(InputError):
    """A load is in the lake and nobody sees it, because it is not as it must be."""


class UnmetError(InputError):
    """Loads that were held against their expectations, and some do not meet a critical one."""


class ValidationError(InputError):
    """An expectation is broken: it says nothing about the data."""


class ComparisonError(InputError):
    """Two jobs that were not compared, or cannot be."""


class RulesError(InputError):
    """A rule file that cannot be used; the message names the line."""


class BusyError(StoreError):
    """Another build holds the lock; trying again later helps."""


class OutputError(StoreError):
    """The result cannot be written to that place."""
