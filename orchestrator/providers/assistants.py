"""The Assistants protocol: Foundry classic, self-hosted servers, and the embedded one.

OpenAI's own endpoints answer 404 since 2026-08-26 (API facts 4). Requests: a list page a hundred objects, a create one
POST (a store with files: one more an upload, one a batch, its polling, and one POST for the record), an update one
POST, a read-back one GET.
"""

from dataclasses import replace

from orchestrator.model.address import Kind
from orchestrator.providers._client import Client
from orchestrator.providers.assistants_conversation import AssistantsConversation
from orchestrator.providers.assistants_wire import DEFAULTS, PATHS, declared_files, to_body, to_live
from orchestrator.providers.interface import Capabilities, Capability, Conversation, Desired, Live, Requests
from orchestrator.providers.stores import Work, carry_out, decide, fetch_files, remove

BETA = {"OpenAI-Beta": "assistants=v2"}  # what the SDK sends for assistants, threads and vector stores (API facts 1.0)
CAPABILITIES = Capabilities(can=frozenset(Capability), defaults=DEFAULTS)


class AssistantsProvider:
    """One server that speaks the Assistants protocol."""

    def __init__(self, client: Client) -> None:
        """Takes the client over and closes it."""
        self._client = client
        self._file_names: dict[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        """Everything; this protocol is the one the language grew from."""
        return CAPABILITIES

    @property
    def requests(self) -> Requests:
        """Requests sent so far, retries included."""
        return self._client.requests

    async def fetch_live(self, kind: Kind) -> tuple[Live, ...]:
        """Read all pages of a kind."""
        return tuple(to_live(kind, item) for item in await self._client.list_all(PATHS[kind]))

    async def fetch(self, kind: Kind, id: str) -> Live:
        """Read one object."""
        return to_live(kind, await self._client.get(f"{PATHS[kind]}/{id}"))

    async def fetch_files(self, store: Live) -> Live:
        """Read a store's files, in pages."""
        return await fetch_files(self._client, store)

    async def create(self, desired: Desired) -> str:
        """Create an object; a store's record says that its files are there only once they are."""
        kind = desired.address.kind
        files = declared_files(desired.fields)
        first = replace(desired, marks=replace(desired.marks, files=None)) if files else desired
        made = await self._client.post(PATHS[kind], _without_nulls(to_body(first, None)), once=True)
        id = str(made["id"])
        if files:
            await carry_out(self._client, id, desired, Work(files, {}, {}, ()))
            await self._client.post(f"{PATHS[kind]}/{id}", to_body(desired, frozenset()), once=False)
        return id

    async def update(self, live: Live, desired: Desired, changed: frozenset[str]) -> None:
        """Change fields: a store's files first, the object and its record last."""
        work = decide(live, desired, changed)
        await carry_out(self._client, live.id, desired, work)
        await self._client.post(f"{PATHS[live.kind]}/{live.id}", to_body(desired, changed), once=False)

    async def delete(self, live: Live) -> None:
        """Delete an object; of a store first the files that orch uploaded."""
        if live.kind is Kind.VECTOR_STORE:
            store = live if live.files is not None else await self.fetch_files(live)
            for file in (store.files or {}).values():
                if file.ours:
                    await remove(self._client, live.id, file)
        await self._client.delete(f"{PATHS[live.kind]}/{live.id}")

    def open(self, assistant_id: str) -> Conversation:
        """Begin a conversation."""
        return AssistantsConversation(self._client, assistant_id, self._file_names)

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()


def _without_nulls(body: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if value is not None}
