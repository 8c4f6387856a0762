"""What can go wrong with the rig itself, as opposed to a query that it runs.

Every message says what happened and what to do. A query that fails is no error of the rig: it is
answered as Athena answers it (`api/refusals.py`).
"""

from __future__ import annotations


class RigError(Exception):
    """The rig cannot do its work."""


class MissingToolError(RigError):
    """Java or Maven is not on this machine, so nothing that needs Trino was proven."""


class TrinoDiedError(RigError):
    """Trino did not start, or ended by itself. The message ends with the last lines of its log."""
