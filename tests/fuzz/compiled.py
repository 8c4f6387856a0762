"""The compiled kernels in a process of their own, with every index checked: a fuzzer's other half."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback


class Compiled:
    """A child that checks inputs with compiled kernels; it may crash without taking us along."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "NUMBA_DISABLE_JIT"}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.compiled"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment | {"NUMBA_BOUNDSCHECK": "1"},
        )

    def check(self, data: bytes) -> None:
        """AssertionError with the child's traceback where a kernel answers wrongly or dies."""
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            self._child.stdin.write(len(data).to_bytes(4, "little") + data)
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise AssertionError("the process of the compiled kernels is gone") from error
        size = self._child.stdout.read(4)
        assert len(size) == 4, f"the compiled kernels died, exit {self._child.wait()}"
        said = self._child.stdout.read(int.from_bytes(size, "little"))
        assert not said, said.decode()


def _main() -> None:
    from tests.fuzz.targets import check_kernels

    read, write = sys.stdin.buffer, sys.stdout.buffer
    while size := read.read(4):
        data = read.read(int.from_bytes(size, "little"))
        said = b""
        try:
            check_kernels(data)
        except BaseException:  # noqa: BLE001  whatever it is, the fuzzer shall know
            said = traceback.format_exc().encode()
        write.write(len(said).to_bytes(4, "little") + said)
        write.flush()


if __name__ == "__main__":
    _main()
