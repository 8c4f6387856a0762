"""Every call of an AWS client as an event of the log, and those that had to be sent again.

What a call is about is told by its name and path alone: headers hold signatures, bodies hold
content. Listens to botocore and changes nothing of what it does.
"""

from __future__ import annotations

import logging
import time
from typing import Any

log = logging.getLogger(__name__)

_NOTE = "evallake"
"""Under this name a call's path and start travel with it."""
_TOO_MANY = 429


def tell_calls(client: Any) -> None:
    """Have the calls of `client` in the log: each at level debug, failed tries as warnings."""
    events = client.meta.events
    events.register("before-call", _before)
    events.register("after-call", _after)
    events.register("after-call-error", _unanswered)
    events.register_first("needs-retry", _tried)


def _before(*, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_NOTE] = (params.get("url_path"), time.monotonic())


def _after(*, http_response: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
    path, began = context.get(_NOTE, (None, time.monotonic()))
    log.debug(
        "called AWS",
        extra={
            "service": model.service_model.service_name,
            "call": model.name,
            "path": path,
            "status": http_response.status_code,
            "seconds": round(time.monotonic() - began, 3),
        },
    )


def _unanswered(*, exception: BaseException, context: dict[str, Any], **_: Any) -> None:
    path, began = context.get(_NOTE, (None, time.monotonic()))
    log.debug(
        "AWS did not answer",
        extra={
            "path": path,
            "why": type(exception).__name__,
            "seconds": round(time.monotonic() - began, 3),
        },
    )


def _tried(
    *,
    attempts: int,
    operation: Any,
    response: Any = None,
    caught_exception: BaseException | None = None,
    **_: Any,
) -> None:
    """One try of a call has come to its end; None leaves it to botocore whether to try again."""
    status = None if response is None else response[0].status_code
    if caught_exception is None and (status is None or status < 500) and status != _TOO_MANY:
        return
    why = status if caught_exception is None else type(caught_exception).__name__
    log.warning(
        "a try of a call of AWS failed",
        extra={"call": operation.name, "attempt": attempts, "why": why},
    )
