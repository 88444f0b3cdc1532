"""The application on a port, until SIGINT or SIGTERM."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from orchestrator.errors import OrchError
from orchestrator.server.addresses import is_loopback
from orchestrator.server.app import Settings, create_app, end_streams

GRACE_SECONDS = 5
"""How long requests in progress may take after the signal; a second signal does not wait for them."""


class ServeError(OrchError):
    """The server cannot be put on this address."""


class PortServer(uvicorn.Server):
    """Uvicorn without its own signal handling; tells when it answers. `should_exit = True` ends it.

    `on_stopping` is called before it waits for requests in progress: streams without an end have to be ended.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_stopping: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stopping = on_stopping

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`: uvicorn would raise them again when it is done."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then stop."""
        if self._on_stopping is not None:
            self._on_stopping()
        await super().shutdown(sockets=sockets)


async def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM, then let requests in progress finish and return.

    Port 0 takes a free one; `on_ready` is told the base URL (`http://127.0.0.1:8787/v1`) once the server answers.
    Raises ServeError for an address beyond loopback without a key, and for one that cannot be bound.
    """
    if settings.api_key is None and not is_loopback(host):
        raise ServeError(
            f"cannot serve on {host} without an API key: it can be reached from other machines",
            hint="set a key, or serve on 127.0.0.1",
        )
    with _bound(host, port) as listening:
        bound = listening.getsockname()[1]
        url = f"http://{f'[{host}]' if ':' in host else host}:{bound}/v1"
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = PortServer(config, lambda: on_ready(url) if on_ready else None, lambda: end_streams(app))
        with _signals_end(server):
            await server.serve(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port <= 65_535:
        raise ServeError(f"cannot serve on {host}:{port}: there is no such port", hint="ports go from 0 to 65535")
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServeError(f"cannot serve on {host}:{port}: {error}", hint="name another port, or 0 for any") from error


@contextlib.contextmanager
def _signals_end(server: uvicorn.Server) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop the server politely, the second at once (only in the main thread)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
