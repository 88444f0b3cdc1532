"""The embedded server for tests of providers: in process with a witness on the line, or on a real port."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.types import ASGIApp

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import file_path
from orchestrator.model.ownership import Baseline, Marks, files_digest
from orchestrator.providers._client import Client
from orchestrator.providers._in_process import InProcess
from orchestrator.providers.agents import BETAS, AgentsProvider
from orchestrator.providers.assistants import BETA, AssistantsProvider
from orchestrator.providers.interface import Desired, FileKey
from orchestrator.server.app import create_app, running
from orchestrator.server.assembly import assemble
from orchestrator.server.models.scripted import ScriptedModel
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store
from orchestrator.spec.template import render_later

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
CHUNKING = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
SMALL_CHUNKS = {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 20}
RULES: Sequence[Mapping[str, Any]] = (
    {"user": "quiz", "call": [{"name": "quiz", "arguments": {"n": n}} for n in (1, 2)]},
    {"after": "quiz", "reply": "you said {{ outputs[0] }} and {{ outputs[1] }}"},
    {"user": "code", "code": "print(6 * 7)"},
    {"after": "code_interpreter", "reply": "it says {{ outputs[0] }}"},
    {"user": "search", "search": "whales"},
    {"after": "file_search", "reply": "{{ results[0].text }}", "cite": True},
    {"user": "fail", "error": "rate_limit_exceeded"},
    {"reply": "hello"},
)
OTHER_MODEL = "other"
OTHER_RULES: Sequence[Mapping[str, Any]] = (
    {"user": "quiz", "call": [{"name": "quiz", "arguments": {"n": 3}}]},
    {"after": "quiz", "reply": "the other heard {{ outputs[0] }}"},
    {"reply": "the other says hello"},
)


def served() -> list[ScriptedModel]:
    return [ScriptedModel("*", RULES, render_later), ScriptedModel(OTHER_MODEL, OTHER_RULES, render_later)]


class Witness(httpx2.AsyncBaseTransport):
    """Notes every request that passes, and answers some in the server's place."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.seen: list[str] = []
        """`METHOD PATH`, without `/v1`."""
        self.keys: list[str | None] = []
        """The idempotency key of each, where it has one."""
        self.instead: Callable[[str, int], httpx2.Response | None] = lambda name, count: None
        """Gives the answer to the `count`-th request of a name, or None to let it pass."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        name = f"{request.method} {request.url.path.removeprefix('/v1')}"
        self.seen.append(name)
        self.keys.append(request.headers.get("idempotency-key"))
        return self.instead(name, self.seen.count(name)) or await self._inner.handle_async_request(request)

    def named(self, method: str) -> list[str]:
        return [name.split(" ")[1] for name in self.seen if name.startswith(f"{method} ")]


class Notes:
    """A journal that keeps in memory what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.steps: list[tuple[str, int, int]] = []

    def created(self, id: str) -> None:
        self.heard.append(("created", id))

    async def uploading(self, store_id: str, key: FileKey, filename: str, size: int) -> int:
        self.heard.append(("uploading", store_id, key[0], filename, size))
        return len(self.heard)

    def uploaded(self, number: int, id: str) -> None:
        self.heard.append(("uploaded", self.heard[number - 1][3], id))

    async def detaching(self, store_id: str, key: FileKey, file_id: str) -> int:
        self.heard.append(("detaching", store_id, key[0], file_id))
        return len(self.heard)

    def done(self, number: int) -> None:
        self.heard.append(("done", number))

    @property
    def open(self) -> list[tuple[Any, ...]]:
        """What was begun and never done."""
        done = {entry[1] for entry in self.heard if entry[0] == "done"}
        begun = {n: entry for n, entry in enumerate(self.heard, 1) if entry[0] in ("uploading", "detaching")}
        return [entry for n, entry in begun.items() if n not in done]

    def reached(self, step: str, done: int, total: int) -> None:
        self.steps.append((step, done, total))


JOURNAL = Notes()
"""For tests that do not ask what was journalled."""


def refusal(message: str = "refused", status: int = 400) -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"message": message, "type": None, "param": None, "code": None}})


@asynccontextmanager
async def in_process(folder: Path, **more: Any) -> AsyncIterator[tuple[AssistantsProvider, Witness]]:
    """The provider over a server in this process, and who sees its requests."""
    with Store.open(folder / "server.db") as store:
        app = create_app(assemble(store, served()))
        async with running(app):
            witness = Witness(httpx2.ASGITransport(app))
            provider = AssistantsProvider(Client("http://localhost/v1", None, transport=witness, headers=BETA), **more)
            try:
                yield provider, witness
            finally:
                await provider.close()


@asynccontextmanager
async def agents_in_process(folder: Path, **more: Any) -> AsyncIterator[tuple[AgentsProvider, Witness]]:
    """The same server, spoken to in agents."""
    with Store.open(folder / "server.db") as store:
        app = create_app(assemble(store, [ScriptedModel("*", RULES, render_later)]))
        async with running(app):
            witness = Witness(InProcess(app))
            provider = AgentsProvider(Client("http://localhost/v1", None, transport=witness, betas=BETAS, **more))
            try:
                yield provider, witness
            finally:
                await provider.close()


@contextmanager
def on_port(folder: Path, api_key: str | None = None) -> Iterator[str]:
    """The server on a free port, in a thread; gives its base URL."""
    with (
        Store.open(folder / "server.db") as store,
        app_on_port(create_app(assemble(store, served(), api_key=api_key))) as url,
    ):
        yield f"{url}/v1"


@contextmanager
def app_on_port(app: ASGIApp) -> Iterator[str]:
    """An application on a free port, in a thread; gives `http://HOST:PORT`."""
    ready = threading.Event()
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    server = PortServer(config, ready.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def desired(where: Address, fields: Mapping[str, Any], ids: Mapping[Address, str] | None = None) -> Desired:
    """What is to be, marked as the project `p`'s."""
    marks = Marks("p", where, Baseline.of(fields), files_digest(fields))
    return Desired(where, fields, marks, ids or {})


def documents(folder: Path, texts: Mapping[str, str | bytes], **more: Any) -> Desired:
    """A store of these files: contents by label; `more` gives `attributes` and `chunking` of all of them."""
    fields: dict[str, Any] = {"display_name": "papers"}
    sources = {}
    for number, (label, text) in enumerate(texts.items()):
        content = text if isinstance(text, bytes) else text.encode()
        kept = folder / f"source-{hashlib.sha256(content).hexdigest()[:8]}-{number}"
        kept.mkdir(exist_ok=True)
        file = kept / label.rpartition("/")[2][-60:]
        file.write_bytes(content)
        sources[label] = str(file)
        value = {"sha256": hashlib.sha256(content).hexdigest(), "attributes": {}, "chunking": CHUNKING, **more}
        fields[file_path(label)] = value
    made = desired(PAPERS, fields)
    return Desired(PAPERS, fields, made.marks, {}, sources)


def run(call: Any) -> Any:
    return asyncio.run(call)
