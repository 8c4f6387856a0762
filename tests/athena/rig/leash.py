"""How a rig in a process of its own knows that nobody needs it any more.

Whoever needs the rig holds a connection to its leash. The kernel closes the connection when the
holder ends, however it ends, so a rig never outlives the last test run that uses it.
"""

from __future__ import annotations

import socket
import threading

FIRST_HOLDER_SECONDS = 60
NEXT_HOLDER_SECONDS = 2


class Leash:
    """Counts holders, on a loopback port."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self.holders = 0
        threading.Thread(target=self._accept, daemon=True, name="leash").start()

    def wait_until_released(self) -> None:
        """Returns soon after the last holder has let go, or when none comes at all."""
        patience = FIRST_HOLDER_SECONDS
        with self._changed:
            while self._changed.wait_for(lambda: self.holders > 0, timeout=patience):
                self._changed.wait_for(lambda: self.holders == 0)
                patience = NEXT_HOLDER_SECONDS  # another worker may be about to take it

    def _accept(self) -> None:
        while True:
            held, _ = self._listener.accept()
            self._count(+1)
            threading.Thread(target=self._watch, args=(held,), daemon=True).start()

    def _watch(self, held: socket.socket) -> None:
        try:
            while held.recv(1):
                pass
        except ConnectionError:
            pass  # a holder that was killed has let go as well
        held.close()
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self.holders += change
            self._changed.notify_all()


def hold(port: int) -> socket.socket:
    """Takes the leash; closing the socket, or ending, lets go."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)
