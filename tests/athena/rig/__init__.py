"""A rig that answers as Amazon Athena does, with a real Trino behind it, on one machine.

    install.py          Trino through Maven, kept outside the repository
    configuration.py    Trino's settings, each with its reason
    trino_server.py     one Trino process: start, wait, stop, log
    trino_client.py     Trino's statement protocol
    aws_server.py       moto (S3, Glue, STS, SageMaker) and Athena on one loopback port
    glue_gaps.py        what moto's Glue leaves out
    api/                the Athena API
    rig.py              all of it as one thing
    leash.py, shared.py, environment_file.py    one rig for a whole test run
    __main__.py         the rig by hand

What it proves and what it does not: `tests/athena/README.md`.
"""

from __future__ import annotations

from tests.athena.rig.errors import MissingToolError, RigError
from tests.athena.rig.rig import Rig
from tests.athena.rig.shared import SharedRig, shared_rig

__all__ = ["MissingToolError", "Rig", "RigError", "SharedRig", "shared_rig"]
