"""The first program in the sandbox: takes the limits on, gives root up, then becomes the Jupyter kernel.

It talks to the server once, over the socket it has as standard input: one JSON line comes in (`Orders`); when the
kernel listens, handles of two directories go out, the working one and the one with the kernel's sockets. Through
these handles the server reads and writes memory that no path on the machine leads to. The heavy import comes
first, on purpose: it is the machine's own code, and takes nearly all of the time.
"""

import ctypes
import json
import os
import resource
import socket
from collections.abc import Callable
from typing import Any, TypedDict

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

_PR_SET_DUMPABLE = 4  # <linux/prctl.h>
_CHUNK_CHARACTERS = 1 << 20


class Orders(TypedDict):
    """What the server asks for; sizes are bytes."""

    memory: int
    processes: int
    file_size: int
    user: int | None
    """The user and group id to become; None: stay who we are (the user namespace has seen to it)."""
    work_dir: str
    channel_dir: str
    connection: dict[str, str | int]
    """Jupyter's connection file."""


class SteadyStream(OutStream):
    """Standard output in messages of bounded size, sent before more is taken.

    Jupyter's own gathers for a fifth of a second: what an endless loop prints meanwhile is a message too big for
    the server to take.
    """

    _unsent = 0

    def write(self, string: str) -> int:
        """Take text as any file does; blocks while a chunk is on its way."""
        for start in range(0, len(string), _CHUNK_CHARACTERS):
            chunk = string[start : start + _CHUNK_CHARACTERS]
            super().write(chunk)
            self._unsent += len(chunk)
            if self._unsent >= _CHUNK_CHARACTERS:
                self._unsent = 0
                flush: Callable[[], None] = super().flush  # not annotated
                flush()
        return len(string)


def take_limits(orders: Orders) -> None:
    """Set limits that neither this process nor its children can lift."""
    for kind, value in (
        # DATA, not AS: it counts what can be written, where thread stacks and arenas only reserve addresses.
        (resource.RLIMIT_DATA, orders["memory"]),
        (resource.RLIMIT_NPROC, orders["processes"]),
        (resource.RLIMIT_FSIZE, orders["file_size"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # when the whole machine runs out of memory, this goes before the server


def give_root_up(user: int) -> None:
    """Become an ordinary user; with it the last capabilities go."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # Linux hides /proc/self from a process that changed its user; subprocess and psutil need it.
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def main() -> None:
    """Take the orders, start the kernel, report, serve until killed."""
    server = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    with server.makefile() as lines:
        orders: Orders = json.loads(lines.readline())
    take_limits(orders)
    if orders["user"] is not None:
        give_root_up(orders["user"])
    connection_file = os.path.join(orders["channel_dir"], "connection.json")
    with open(connection_file, "w") as file:
        json.dump(orders["connection"], file)
    app: Any = IPKernelApp.instance()  # its methods are not annotated
    app.outstream_class = "__main__.SteadyStream"
    app.initialize(["-f", connection_file, "--HistoryManager.enabled=False"])
    folders = [os.open(orders[name], os.O_RDONLY | os.O_DIRECTORY) for name in ("work_dir", "channel_dir")]
    socket.send_fds(server, [b"1"], folders)
    for folder in folders:
        os.close(folder)
    server.close()
    app.start()


if __name__ == "__main__":
    main()
