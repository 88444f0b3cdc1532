"""Starts a sandbox with a kernel in it and holds the handles through which the server reaches it.

Nothing of a sandbox is on the machine's disks: its directories are memory of its own, reached through handles
that the launcher sends over. So a server that is killed leaves no process (bwrap ends with its parent) and no file.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.sandbox import (
    CHANNEL_DIR,
    LAUNCHER_FILE,
    WORK_DIR,
    Sandbox,
    get_argv,
    get_kernel_command,
    get_user,
)

if TYPE_CHECKING:
    from orchestrator.server.interpreter.inside import Orders  # the server itself never imports ipykernel

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""Jupyter's channels; over Unix sockets a port is the number at the end of the socket's name."""

_SOCKET_NAME = "k"
_SAID_CHARACTERS = 2_000


class KernelStartError(Exception):
    """A kernel did not start; the text says what its process said."""


@dataclass(frozen=True, slots=True)
class Started:
    """A sandbox whose kernel listens. The two handles belong to whoever holds this."""

    process: Process
    """bwrap; killing it ends everything in the sandbox."""
    work_dir: int
    channel_dir: int
    key: str
    """Signs the messages of this kernel."""

    def get_address(self, port: str) -> str:
        """The ZeroMQ address of one of `PORTS`: a path through our handle, since no path leads there from outside."""
        return f"ipc:///proc/self/fd/{self.channel_dir}/{_SOCKET_NAME}-{PORTS[port]}"


async def start_kernel(sandbox: Sandbox, limits: Limits) -> Started:
    """Start a sandbox and wait until its kernel listens.

    Raises KernelStartError: the kernel ended or stayed silent.
    """
    argv = get_argv(sandbox, limits, LAUNCHER_FILE, get_kernel_command(sandbox.layout))
    ours, theirs = socket.socketpair()
    with ours, theirs, os.fdopen(os.memfd_create("said"), "rb") as said:
        # No environment: what bwrap was started with can be read in the sandbox as that of its first process.
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=theirs.fileno(), stdout=DEVNULL, stderr=said, env={}
        )
        theirs.close()
        ours.setblocking(False)
        key = secrets.token_hex(32)
        user = get_user(process.pid) if sandbox.privileged else None
        try:
            async with asyncio.timeout(limits.start_seconds):
                folders = await _handshake(ours, get_orders(limits, key, user))
        except (TimeoutError, OSError) as error:
            await stop(process)
            said.seek(0)
            text = said.read().decode(errors="replace").strip()[-_SAID_CHARACTERS:]
            raise KernelStartError(text or str(error) or f"no answer within {limits.start_seconds:g} s") from error
        except asyncio.CancelledError:
            await stop(process)
            raise
    return Started(process, *folders, key)


def kill(process: Process) -> None:
    """End a sandbox at once, whatever it is doing; ended already does no harm."""
    # Not process.kill(): that asks for the exit status first, and so takes it from asyncio's own watcher.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


async def stop(process: Process) -> None:
    """End a sandbox and wait for its end."""
    kill(process)
    await process.wait()


def get_orders(limits: Limits, key: str, user: int | None) -> "Orders":
    """What the launcher is told."""
    connection: dict[str, str | int] = {
        "transport": "ipc",
        "ip": f"{CHANNEL_DIR}/{_SOCKET_NAME}",
        "signature_scheme": "hmac-sha256",
        "key": key,
        **PORTS,
    }
    return {
        "memory": limits.memory_bytes,
        "processes": limits.processes,
        "file_size": limits.disk_bytes,
        "user": user,
        "work_dir": WORK_DIR,
        "channel_dir": CHANNEL_DIR,
        "connection": connection,
    }


async def _handshake(ours: socket.socket, orders: "Orders") -> tuple[int, int]:
    """Send the orders, receive the handles of the working and the channel directory."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(ours, json.dumps(orders).encode() + b"\n")
    readable = asyncio.Event()
    loop.add_reader(ours, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(ours)
    data, handles, _, _ = socket.recv_fds(ours, 1, 2)
    if not data or len(handles) != 2:
        for handle in handles:
            os.close(handle)
        raise ConnectionError("the kernel's process ended before it listened")
    return handles[0], handles[1]
