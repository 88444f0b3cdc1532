"""`orch serve`: the embedded server on a port, for any OpenAI client."""

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.errors import NoProjectError, UsageError
from orchestrator.model.project import STATE_FOLDER
from orchestrator.model.scripted import ScriptedModel
from orchestrator.providers.embeddings import RemoteEmbedder
from orchestrator.providers.local_models import serve_models
from orchestrator.providers.registry import fault_of_url
from orchestrator.providers.upstream import RemoteEndpoint
from orchestrator.server.addresses import is_loopback
from orchestrator.server.assembly import assemble
from orchestrator.server.serving import serve
from orchestrator.server.store import Store

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=examples(
        "orch serve --models specs/",
        "orch serve --port 0 --db /tmp/try.db",
        "orch serve --upstream http://127.0.0.1:11434/v1",
        "orch serve --host 0.0.0.0 --api-key-env ORCH_KEY",
    )
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; beyond loopback, --api-key-env is required.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--db", type=_FILE, metavar="FILE", help=f"SQLite file, created if missing.  [default: {STATE_FOLDER}/server.db]"
)
@click.option(
    "--models",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Project whose ScriptedModels answer.",
)
@click.option("--upstream", metavar="URL", help="Chat-Completions API whose models answer where there is no script.")
@click.option("--upstream-key-env", metavar="NAME", help="Environment variable with the key of --upstream.")
@click.option("--api-key-env", metavar="NAME", help="Environment variable with the key that clients must send.")
@click.option(
    "--embeddings", metavar="URL", help="OpenAI-compatible API for embeddings: search by meaning as well as by words."
)
@click.option("--embeddings-model", metavar="NAME", help="Embedding model to ask --embeddings for.")
@click.option("--embeddings-key-env", metavar="NAME", help="Environment variable with the key for --embeddings.")
@click.option("-q", "--quiet", is_flag=True, help="Do not log requests.")
def command(
    host: str,
    port: int,
    db: Path | None,
    models: Path | None,
    upstream: str | None,
    upstream_key_env: str | None,
    api_key_env: str | None,
    embeddings: str | None,
    embeddings_model: str | None,
    embeddings_key_env: str | None,
    quiet: bool,
) -> int:
    """Run the embedded server on a port.

    For any OpenAI client. Speaks assistants (threads, runs, files, vector stores), agents with their sessions, and
    responses with conversations, all over one SQLite file. The ScriptedModels of the project at --models (by default
    that of the current folder) answer; with --upstream, runs of any other model are answered by an OpenAI-compatible
    API: Ollama, vLLM, llama.cpp, OpenAI. Ctrl-C stops it once requests in progress are answered.

    Exit codes: 0 stopped; 1 error; 64 wrong usage.
    """
    key = _read_key(api_key_env)
    if key is None and not is_loopback(host):
        raise UsageError(f"{host} can be reached from other machines", "give a key with --api-key-env NAME")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("orch.server").setLevel(logging.WARNING if quiet else logging.INFO)
    file = db or Path(STATE_FOLDER) / "server.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    scripted = _load_models(models)
    endpoint = _open_upstream(upstream, upstream_key_env)
    embedder = _open_embedder(embeddings, embeddings_model, embeddings_key_env)
    store = Store.open(file)
    try:
        settings = assemble(store, serve_models(scripted, endpoint), api_key=key, embedder=embedder)
        names = ", ".join(model.name for model in scripted) or "none"
        names += f", all others at {endpoint.name}" if endpoint is not None else ""

        def ready(url: str) -> None:
            show_note(f"serving {url} from {file}; models: {names}; stop with Ctrl-C")

        async def run() -> None:
            try:
                await serve(settings, host, port, ready)
            finally:
                for opened in (embedder, endpoint):
                    if opened is not None:
                        await opened.close()

        asyncio.run(run())
    finally:
        store.close()
    return 0


def _load_models(path: Path | None) -> Sequence[ScriptedModel]:
    try:
        project = load_project((path,) if path else ())
    except NoProjectError:
        if path is not None:
            raise
        return []
    return project.models


def _open_upstream(url: str | None, key_env: str | None) -> RemoteEndpoint | None:
    if url is None:
        if key_env is not None:
            raise UsageError("there is no --upstream", "say where the models are: --upstream URL")
        return None
    _check_url("--upstream", url)
    return RemoteEndpoint(url, _read_key(key_env))


def _open_embedder(url: str | None, model: str | None, key_env: str | None) -> RemoteEmbedder | None:
    if url is None:
        if model is not None or key_env is not None:
            raise UsageError("there is no --embeddings", "say where they come from: --embeddings URL")
        return None
    _check_url("--embeddings", url)
    if model is None:
        raise UsageError("--embeddings needs --embeddings-model", "name the model, as the API at that address knows it")
    return RemoteEmbedder(url, model, _read_key(key_env))


def _check_url(option: str, url: str) -> None:
    """Raise `UsageError` for what is not the address of an API alone."""
    if (fault := fault_of_url(url)) is not None:
        hint = f"for example {option} http://127.0.0.1:11434/v1; a key is given by {option}-key-env"
        raise UsageError(f"the address of {option} {fault[0]}", hint)


def _read_key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise UsageError(f"the environment variable {name} is not set", f"export {name}=... before `orch serve`")
    if not key.isascii() or not key.isprintable():  # it could not be sent, and the refusal would quote it
        raise UsageError(
            f"the environment variable {name} holds characters that no key has", f"export {name}=... again, on one line"
        )
    return key
