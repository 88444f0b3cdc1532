"""The Assistants protocol: Foundry classic, self-hosted servers, and the embedded one.

OpenAI's own endpoints answer 404 since 2026-08-26 (API facts 4).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from orchestrator.providers._client import Client
from orchestrator.providers.assistants_conversation import AssistantsConversation
from orchestrator.providers.assistants_dump import Dump
from orchestrator.providers.assistants_source import fetch_dump
from orchestrator.providers.assistants_wire import CAPABILITIES, PATHS, from_wire, to_wire
from orchestrator.providers.interface import Capabilities, Conversation, Hearer
from orchestrator.providers.keys import CommandKey
from orchestrator.providers.shelf import INDEX_SECONDS
from orchestrator.providers.stored import Dialect, StoredObjects

BETA = {"OpenAI-Beta": "assistants=v2"}  # what the SDK sends for assistants, threads and vector stores (API facts 1.0)


async def open_assistants(
    base_url: str, api_key: str | CommandKey | None, query: Mapping[str, str]
) -> "AssistantsProvider":
    """Connect to the server at `base_url`; nothing is sent yet."""
    return AssistantsProvider(Client(base_url, api_key, query, headers=BETA))


class AssistantsProvider(StoredObjects):
    """One server that speaks the Assistants protocol."""

    def __init__(
        self,
        client: Client,
        index_seconds: float = INDEX_SECONDS,
        capabilities: Capabilities = CAPABILITIES,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """See `StoredObjects`; `capabilities` are the protocol's, less what this server has not."""
        super().__init__(client, Dialect(PATHS, to_wire, from_wire, capabilities), index_seconds, on_close)
        self._file_names: dict[str, str] = {}

    def open(self, assistant_id: str, model: str | None = None, hearer: Hearer | None = None) -> Conversation:
        """Begin a conversation; another model travels with each run."""
        return AssistantsConversation(self._client, assistant_id, self._file_names, model, hearer)

    async def export(self, threads: Sequence[str] = (), concurrency: int = 8) -> Dump:
        """Read all there is, and threads by their ids; see `fetch_dump`."""
        return await fetch_dump(self._client, threads, concurrency)
