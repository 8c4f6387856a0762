"""The rig by hand: `python -m tests.athena.rig` starts it and keeps it until Ctrl-C.

Prints the environment that leads AWS clients to it, and writes it to `--env-file` if asked.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.athena.rig.environment_file import write_environment
from tests.athena.rig.errors import RigError
from tests.athena.rig.leash import Leash
from tests.athena.rig.rig import DEFAULT_HEAP, Rig


def main() -> int:
    """Runs the rig; the exit code is 0 after an orderly end, 1 when it did not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.athena.rig", description=__doc__)
    parser.add_argument("--env-file", type=Path, help="write the environment here as well")
    parser.add_argument("--folder", type=Path, help="keep Trino's configuration and log here")
    parser.add_argument("--heap", default=DEFAULT_HEAP, help="Trino's heap (default %(default)s)")
    parser.add_argument("--aws-port", type=int, default=0, help="port of S3, Glue and Athena")
    parser.add_argument("--trino-port", type=int, default=0, help="port of Trino itself")
    parser.add_argument(
        "--on-a-leash", action="store_true", help="end when nobody holds the leash any more"
    )
    options = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    try:
        rig = Rig(
            options.folder,
            heap=options.heap,
            aws_port=options.aws_port,
            trino_port=options.trino_port,
        ).start()
    except RigError as failed:
        print(f"rig: {failed}", file=sys.stderr)
        return 1
    try:
        variables = rig.environment()
        leash = None
        if options.on_a_leash:
            leash = Leash()
            variables["EVALLAKE_RIG_LEASH"] = str(leash.port)
            threading.Thread(target=_follow, args=(leash, over), daemon=True).start()
        else:
            print("".join(f"export {name}='{value}'\n" for name, value in variables.items()))
            print("rig: ready; Ctrl-C ends it", file=sys.stderr, flush=True)
        if options.env_file:
            write_environment(options.env_file, variables)
        over.wait()
    finally:
        if options.env_file:
            options.env_file.unlink(missing_ok=True)
        rig.stop()
    return 0


def _follow(leash: Leash, over: threading.Event) -> None:
    leash.wait_until_released()
    over.set()


if __name__ == "__main__":
    sys.exit(main())
