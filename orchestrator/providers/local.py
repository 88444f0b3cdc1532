"""The local target: one of the dialects over the embedded server, inside this process.

No port is opened: requests go to the application directly. The database is a file of the project.
"""

from contextlib import AsyncExitStack
from pathlib import Path

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.model.project import STATE_FOLDER, Project
from orchestrator.providers import agents, assistants_wire, responses
from orchestrator.providers._client import Client
from orchestrator.providers._in_process import InProcess
from orchestrator.providers.agents import AgentsProvider
from orchestrator.providers.assistants import BETA, AssistantsProvider
from orchestrator.providers.embeddings import RemoteEmbedder
from orchestrator.providers.local_models import serve_models
from orchestrator.providers.responses import ResponsesProvider, releases_of
from orchestrator.providers.upstream import RemoteEndpoint
from orchestrator.server.app import create_app, running
from orchestrator.server.assembly import assemble
from orchestrator.server.store import Store
from orchestrator.spec.files import inside

DATABASE = f"{STATE_FOLDER}/local.db"
HOST = "http://localhost"  # no host is asked: the transport is the application itself


async def open_local(
    project: Project, embedder: RemoteEmbedder | None = None, upstream: RemoteEndpoint | None = None
) -> AssistantsProvider | AgentsProvider | ResponsesProvider:
    """Start the embedded server on the project's database; raises what `database` does.

    It closes the embedder, and the endpoint whose models answer where no ScriptedModel has the name.
    """
    async with AsyncExitStack() as stack:
        if embedder is not None:
            stack.push_async_callback(embedder.close)
        if upstream is not None:
            stack.push_async_callback(upstream.close)
        store, models = Store.open(database(project)), serve_models(project.models, upstream)
        stack.callback(store.close)
        app = create_app(assemble(store, models, embedder=embedder))
        await stack.enter_async_context(running(app))
        transport, close = InProcess(app), stack.pop_all().aclose
        if project.target.speaks == "agents":
            client = Client(f"{HOST}/v1", None, transport=transport, betas=agents.BETAS)
            return AgentsProvider(client, on_close=close)
        if project.target.speaks == "responses":
            client = Client(f"{HOST}/v1", None, transport=transport, betas=responses.BETAS)
            releases = releases_of(project.root, project.target_name)
            return ResponsesProvider(client, releases, on_close=close)
        client = Client(f"{HOST}/v1", None, transport=transport, headers=BETA)
        return AssistantsProvider(client, capabilities=assistants_wire.EMBEDDED, on_close=close)


def database(project: Project) -> Path:
    """Give the file of the project's database, its folder made; raises `SpecError` where it cannot be there."""
    file = project.root / (project.target.db or DATABASE)
    if not inside(project.root, file):
        hint = f"keep it in the project, for example {DATABASE}"
        message = f"the database `{project.target.db}` lies outside the project"
        raise SpecError([Diagnostic(message, project.target_position, hint)])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {file.parent} cannot be made: {error.strerror}"
        raise SpecError([Diagnostic(message, project.target_position, "name another `db`")]) from error
    return file
