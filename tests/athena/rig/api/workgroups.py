"""Work groups: where results go, and how much one query may read.

Decides what a work group's settings mean for a query. Keeps them in memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.athena.rig.api.refusals import InvalidRequestError

PRIMARY = "primary"
_ENGINE = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}


@dataclass(slots=True)
class WorkGroup:
    """One work group with its configuration as the API takes it."""

    name: str
    configuration: dict[str, Any]
    description: str = ""
    state: str = "ENABLED"
    created: float = field(default_factory=time.time)

    @property
    def is_enforced(self) -> bool:
        """Whether its settings win over those of a request."""
        return bool(self.configuration.get("EnforceWorkGroupConfiguration"))

    @property
    def cutoff_bytes(self) -> int | None:
        """How much one query may read, None for any amount."""
        return self.configuration.get("BytesScannedCutoffPerQuery")

    def output_location(self, requested: dict[str, Any] | None) -> str:
        """The folder for a query's files, ending with `/`."""
        own = (self.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        asked = (requested or {}).get("OutputLocation")
        location = (own or asked) if self.is_enforced else (asked or own)
        if not location:
            raise InvalidRequestError(
                "No output location provided. An output location is required either through the"
                " Workgroup result configuration setting or as an API input.",
                code="INVALID_INPUT",
            )
        if not location.startswith("s3://"):
            raise InvalidRequestError(
                "outputLocation is not a valid S3 path.", code="INVALID_INPUT"
            )
        return str(location).rstrip("/") + "/"

    def described(self) -> dict[str, Any]:
        """The answer to GetWorkGroup."""
        return {
            "Name": self.name,
            "State": self.state,
            "Description": self.description,
            "CreationTime": self.created,
            "Configuration": {"EngineVersion": _ENGINE, **self.configuration},
        }


class WorkGroups:
    """All work groups; `primary` is always there."""

    def __init__(self) -> None:
        primary = {"EnforceWorkGroupConfiguration": False, "ResultConfiguration": {}}
        self._groups = {PRIMARY: WorkGroup(PRIMARY, primary)}

    def get(self, name: str | None) -> WorkGroup:
        """The work group called `name`, `primary` where there is no name."""
        group = self._groups.get(name or PRIMARY)
        if group is None:
            raise InvalidRequestError(f"WorkGroup {name} is not found.")
        return group

    def all(self) -> list[WorkGroup]:
        """Every work group, oldest first."""
        return list(self._groups.values())

    def create(self, name: str, configuration: dict[str, Any], *, description: str) -> None:
        """Makes a work group, whose settings win unless it says otherwise."""
        if name in self._groups:
            raise InvalidRequestError("WorkGroup is already created")
        enforced = {"EnforceWorkGroupConfiguration": True}
        self._groups[name] = WorkGroup(name, enforced | configuration, description)

    def update(self, name: str, changes: dict[str, Any]) -> None:
        """Changes what an UpdateWorkGroup request names."""
        group = self.get(name)
        group.state = changes.get("State", group.state)
        group.description = changes.get("Description", group.description)
        updates = dict(changes.get("ConfigurationUpdates") or {})
        if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
            group.configuration.pop("BytesScannedCutoffPerQuery", None)
        results = dict(updates.pop("ResultConfigurationUpdates", None) or {})
        kept = dict(group.configuration.get("ResultConfiguration") or {})
        if results.pop("RemoveOutputLocation", False):
            kept.pop("OutputLocation", None)
        group.configuration |= {**updates, "ResultConfiguration": kept | results}

    def delete(self, name: str) -> None:
        """Removes a work group."""
        if name == PRIMARY:
            raise InvalidRequestError("The primary WorkGroup cannot be deleted")
        self._groups.pop(self.get(name).name)
