"""OpenAI's Agents API (beta), and the embedded server where it speaks it.

An assistant is a reusable agent; vector stores and files are the same objects as on the Assistants wire. The list of
agents has no filter and names are not unique, so ours are known by the marks in their metadata alone (API facts 1.1).
"""

from collections.abc import Awaitable, Callable, Mapping

from orchestrator.providers._client import Client
from orchestrator.providers.agents_conversation import AgentsConversation
from orchestrator.providers.agents_wire import CAPABILITIES, PATHS, from_wire, to_wire
from orchestrator.providers.interface import Capabilities, Conversation
from orchestrator.providers.keys import CommandKey
from orchestrator.providers.stored import Dialect, StoredObjects
from orchestrator.providers.stores import INDEX_SECONDS

BETAS = {"/agents": "agents=v1", "/vector_stores": "assistants=v2"}  # as the SDK sends them (API facts 1.0)


async def open_agents(base_url: str, api_key: str | CommandKey | None, query: Mapping[str, str]) -> "AgentsProvider":
    """Connect to the API at `base_url`; nothing is sent yet."""
    return AgentsProvider(Client(base_url, api_key, query, betas=BETAS))


class AgentsProvider(StoredObjects):
    """One API that speaks agents."""

    def __init__(
        self,
        client: Client,
        index_seconds: float = INDEX_SECONDS,
        capabilities: Capabilities = CAPABILITIES,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """See `StoredObjects`; `capabilities` are the API's, less what this server has not."""
        super().__init__(client, Dialect(PATHS, to_wire, from_wire, capabilities), index_seconds, on_close)

    def open(self, assistant_id: str, model: str | None = None) -> Conversation:
        """Begin a conversation; another model is its session's alone."""
        return AgentsConversation(self._client, assistant_id, model)
