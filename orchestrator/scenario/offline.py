"""No network while recordings are replayed: who tries all the same is told so, instead of reaching somebody.

The guard is an audit hook of the interpreter, so it sees every thread and every library that opens sockets through
Python. A hook cannot be taken away again; it is added once and looks the other way while no guard is up.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestrator.errors import OrchError

_EVENTS = frozenset(
    f"socket.{name}"
    for name in ("connect", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
)


class OfflineError(OrchError):
    """Something wanted the network while recordings were replayed."""


class _Guard:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.added = False
        self.up = 0

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.up and event in _EVENTS:
            what = event.removeprefix("socket.")
            # The first argument is the socket, where there is one; the rest says where to.
            where = ", ".join(str(item) for item in arguments if isinstance(item, str | int | tuple | bytes))
            raise OfflineError(
                f"the network is closed while recordings are replayed, and something asked for it: {what} {where}",
                "look for it in the Python that the scenarios name; `--record once` leaves the network open",
            )


_GUARD = _Guard()


@contextmanager
def no_network() -> Iterator[None]:
    """Refuse every connection and every look-up of a name with `OfflineError`, in all threads of this process."""
    with _GUARD.lock:
        if not _GUARD.added:
            sys.addaudithook(_GUARD.hear)
            _GUARD.added = True
        _GUARD.up += 1
    try:
        yield
    finally:
        with _GUARD.lock:
            _GUARD.up -= 1
