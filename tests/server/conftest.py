"""A server with a scripted model, in process and on a real port, and official clients for it."""

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import openai
import pytest
import uvicorn

from orchestrator.server.app import Settings, create_app, running
from orchestrator.server.models.scripted import RenderError, ScriptedModel
from orchestrator.server.serving import PortServer
from orchestrator.server.store import Store

OPENAPI = json.loads((Path(__file__).parent / "openapi.json").read_text())
QUIZ = {"type": "function", "function": {"name": "display_quiz", "parameters": {"type": "object"}}}
RULES: Sequence[Mapping[str, Any]] = (
    {"user": "quiz", "call": [{"name": "display_quiz", "arguments": {"n": n}} for n in (1, 2)]},
    {"after": "display_quiz", "reply": "you said {outputs[0]} and {outputs[1]}"},
    {"user": "slow", "reply": "at last", "delay_ms": 60_000},
    {"user": "limit", "error": "rate_limit_exceeded"},
    {"user": "code", "code": "print(6 * 7)"},
    {"after": "code_interpreter", "reply": "it says {outputs[0]}"},
    {"user": "search", "search": "language models"},
    {"after": "file_search", "reply": "{results[0].text}", "cite": True},
    {"user": "unknown", "after": "nothing", "reply": "never"},
    {"user": "^hello", "reply": "hello there, friend"},
)


def render(text: str, context: Mapping[str, object]) -> str:
    """A template language that is enough here: str.format."""
    try:
        return text.format_map(dict(context))
    except (LookupError, AttributeError) as error:
        raise RenderError(repr(error)) from error


def scripted(rules: Sequence[Mapping[str, Any]] = RULES, name: str = "gpt-4o") -> ScriptedModel:
    return ScriptedModel(name, rules, render)


@contextlib.asynccontextmanager
async def in_process(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client that talks to the app without a port, runs included."""
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx2.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
        yield client


@contextlib.contextmanager
def on_port(settings: Settings) -> Iterator[str]:
    """Serve on a free port in a thread; gives the base URL."""
    ready = threading.Event()
    config = uvicorn.Config(create_app(settings), port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    server = PortServer(config, ready.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "server.db") as opened:
        yield opened


@pytest.fixture
def settings(store: Store) -> Settings:
    return Settings(store, [scripted()])


@pytest.fixture
def app_client() -> Callable[[Settings], contextlib.AbstractAsyncContextManager[httpx2.AsyncClient]]:
    return in_process


@pytest.fixture
def live_server() -> Iterator[Callable[[Settings], str]]:
    """Start a server on a port: `live_server(settings)` gives its base URL."""
    with contextlib.ExitStack() as stack:
        yield lambda settings: stack.enter_context(on_port(settings))


@pytest.fixture
def api(settings: Settings, live_server: Callable[[Settings], str]) -> Iterator[openai.OpenAI]:
    """The official client, strict, over a real port."""
    with openai.OpenAI(
        base_url=live_server(settings), api_key="none", max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


@pytest.fixture
def conforms() -> Callable[[object, str], None]:
    """Check a reply against a schema of the published OpenAPI file."""

    def check(value: object, name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)

    return check


@pytest.fixture
def quiz_tool() -> dict[str, Any]:
    return QUIZ


@pytest.fixture
def make_model() -> Callable[..., ScriptedModel]:
    return scripted


@pytest.fixture
def openapi_paths() -> dict[str, list[str]]:
    """The methods of every path of the published OpenAPI file."""
    paths: dict[str, list[str]] = OPENAPI["paths"]
    return paths
