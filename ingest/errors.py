"""Everything `ingest` raises on purpose.

IngestError                    printed by the command line as one line
├── InputError                 the job's files or the caller's words are wrong: mend them      exit 3
│   ├── SourceError            a folder, archive or prefix cannot be read as a job's output
│   ├── FormatError            a file of the job is not what its name promises
│   ├── IdentityError          a job id that cannot be, or files that landed under another id
│   └── RecipeError            the recipe given with --recipe cannot be used
└── StoreError                 disk, S3 or catalogue refused: trying again may help            exit 4
    ├── OutcomeUnknownError    the store did not say whether a write took place
    ├── LakeError              the lake itself is not as it should be
    └── UnknownJobError        no such job in this lake                                        exit 3

Exit 2 stays the command line's own code for a mistyped command.
Every message says what happened, where, and what to do, on one line: a name in it may be anybody's
invention, and a library may repeat what it was given, see `ingest.shown`.
"""

from __future__ import annotations

from typing import ClassVar

from ingest.shown import shown

_LONGEST = 1_000
"""Characters of a message's part that are shown."""


class IngestError(Exception):
    """Base class: `except IngestError` catches all and only expected failures."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str | None = None, do: str | None = None) -> None:
        """
        Args:
            what: what happened, without a full stop.
            where: the file (and row) it happened in.
            do: what the reader can do about it.
        """
        self.what = what
        self.where = where
        self.do = do
        text = shown(what, most=_LONGEST)
        if where is not None:
            text = f"{shown(where, most=_LONGEST)}: {text}"
        super().__init__(text if do is None else f"{text}; {shown(do, most=_LONGEST)}")


class InputError(IngestError):
    """The caller's data or arguments are wrong: do not retry."""

    exit_code = 3


class SourceError(InputError):
    """A folder, archive or prefix cannot be read as a job's output."""


class FormatError(InputError):
    """A file of the job is not what its name promises."""


class IdentityError(InputError):
    """A job id that cannot be, or the same files under another job id."""


class RecipeError(InputError):
    """The recipe cannot be read, or is not one."""


class StoreError(IngestError):
    """Storage or catalogue refused the operation: trying again may help."""

    exit_code = 4


class OutcomeUnknownError(StoreError):
    """A write that may or may not have taken place: whoever meets it must remove nothing."""


class LakeError(StoreError):
    """The lake itself is not as it should be."""


class UnknownJobError(StoreError):
    """A job that this lake does not hold."""

    exit_code = 3
