"""Errors as Athena gives them: at once, or as the end of a query.

Decides codes, categories and the form of messages. A request that cannot be taken is refused by
exception `InvalidRequestError`; a query that was taken and then fails ends with a `QueryFailedError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.athena.rig.trino_client import TrinoFailedError

_SYSTEM, _USER = 1, 2
_CATEGORY_OF_TRINO_TYPE = {
    "USER_ERROR": _USER,
    "EXTERNAL": _USER,
    "INTERNAL_ERROR": _SYSTEM,
    "INSUFFICIENT_RESOURCES": _SYSTEM,
}
_GENERIC_TYPE = {_SYSTEM: 233, _USER: 1006}


class InvalidRequestError(Exception):
    """The API call is refused with HTTP 400."""

    def __init__(
        self, message: str, *, code: str | None = None, type_: str = "InvalidRequestException"
    ) -> None:
        self.body: dict[str, Any] = {"__type": type_, "Message": message}
        if code:
            self.body["AthenaErrorCode"] = code
        super().__init__(message)


@dataclass(slots=True)
class QueryFailedError(Exception):
    """A query ends as FAILED, with this reason."""

    reason: str
    category: int = _USER

    def athena_error(self) -> dict[str, Any]:
        """The `AthenaError` of a query's status."""
        return {
            "ErrorCategory": self.category,
            "ErrorType": _GENERIC_TYPE[self.category],
            "Retryable": False,
            "ErrorMessage": self.reason,
        }


class QueryCancelledError(Exception):
    """A query ends as CANCELLED: by its user, or by the limit of its work group."""


def failure_of(trino: TrinoFailedError) -> QueryFailedError:
    """What Athena says where Trino failed a statement."""
    return QueryFailedError(
        f"{trino.name}: {trino.message}", _CATEGORY_OF_TRINO_TYPE.get(trino.type, _SYSTEM)
    )


def parse_error(trino: TrinoFailedError) -> InvalidRequestError:
    """What Athena says where the text is no SQL."""
    return InvalidRequestError(trino.message, code="MALFORMED_QUERY")


def not_supported() -> InvalidRequestError:
    """What Athena says to a statement that Trino knows and Athena does not."""
    return InvalidRequestError("Queries of this type are not supported", code="INVALID_QUERY")
