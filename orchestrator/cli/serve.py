"""`orch serve`: the embedded server on a port, for any OpenAI client."""

import asyncio
import logging
import os
from pathlib import Path

import click

from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.errors import NoProjectError, UsageError
from orchestrator.model.project import STATE_FOLDER
from orchestrator.providers.embeddings import RemoteEmbedder
from orchestrator.providers.local_models import serve_model
from orchestrator.providers.registry import is_url
from orchestrator.server.addresses import is_loopback
from orchestrator.server.assembly import assemble
from orchestrator.server.models.scripted import ScriptedModel
from orchestrator.server.serving import serve
from orchestrator.server.store import Store

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Examples: `orch serve --models specs/`, `orch serve --port 0 --db /tmp/try.db`.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; beyond loopback a key is required.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--db", type=_FILE, metavar="FILE", help=f"SQLite file, made on demand.  [default: {STATE_FOLDER}/server.db]"
)
@click.option(
    "--models", type=click.Path(path_type=Path, exists=True), metavar="PATH", help="Project with ScriptedModels."
)
@click.option("--api-key-env", metavar="NAME", help="Environment variable with the key that clients must send.")
@click.option("--embeddings", metavar="URL", help="OpenAI-compatible API; searches go by meaning besides words.")
@click.option("--embeddings-model", metavar="NAME", help="Model that --embeddings is asked for.")
@click.option("--embeddings-key-env", metavar="NAME", help="Environment variable with the key of --embeddings.")
@click.option("-q", "--quiet", is_flag=True, help="Do not log requests.")
def command(
    host: str,
    port: int,
    db: Path | None,
    models: Path | None,
    api_key_env: str | None,
    embeddings: str | None,
    embeddings_model: str | None,
    embeddings_key_env: str | None,
    quiet: bool,
) -> int:
    """Run the embedded server on a port.

    Speaks the Assistants protocol over one SQLite file: assistants, threads, runs, files, vector stores. Runs are
    answered by the ScriptedModels of the project at --models (the current folder's project by default). Ctrl-C ends it
    once requests in progress are answered.
    """
    key = _read_key(api_key_env)
    if key is None and not is_loopback(host):
        raise UsageError(f"{host} can be reached from other machines", "give a key with --api-key-env NAME")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("orch.server").setLevel(logging.WARNING if quiet else logging.INFO)
    file = db or Path(STATE_FOLDER) / "server.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    scripted = _load_models(models)
    embedder = _open_embedder(embeddings, embeddings_model, embeddings_key_env)
    store = Store.open(file)
    try:
        settings = assemble(store, scripted, api_key=key, embedder=embedder)
        names = ", ".join(model.name for model in scripted) or "none"

        def ready(url: str) -> None:
            show_note(f"serving {url} from {file}; models: {names}; stop with Ctrl-C")

        async def run() -> None:
            try:
                await serve(settings, host, port, ready)
            finally:
                if embedder is not None:
                    await embedder.close()

        asyncio.run(run())
    finally:
        store.close()
    return 0


def _load_models(path: Path | None) -> list[ScriptedModel]:
    try:
        project = load_project((path,) if path else ())
    except NoProjectError:
        if path is not None:
            raise
        return []
    return [serve_model(model) for model in project.models]


def _open_embedder(url: str | None, model: str | None, key_env: str | None) -> RemoteEmbedder | None:
    if url is None:
        if model is not None or key_env is not None:
            raise UsageError("there is no --embeddings", "say where they come from: --embeddings URL")
        return None
    if not is_url(url):
        raise UsageError(f"--embeddings {url} is no address", "for example --embeddings http://127.0.0.1:11434/v1")
    if model is None:
        raise UsageError("--embeddings needs --embeddings-model", "name the model, as the API at that address knows it")
    return RemoteEmbedder(url, model, _read_key(key_env))


def _read_key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name)
    if not key:
        raise UsageError(f"the environment variable {name} is not set", f"export {name}=... before `orch serve`")
    return key
