"""OpenAI's Agents API (beta), and the embedded server where it speaks it.

An assistant is a reusable agent; vector stores and files are the same objects as on the Assistants wire. The list of
agents has no filter and names are not unique, so ours are known by the marks in their metadata alone (API facts 1.1).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from orchestrator.errors import TargetRejectedError
from orchestrator.model.address import Kind
from orchestrator.model.bridges import Bridges
from orchestrator.providers._client import Client
from orchestrator.providers._shapes import mapping
from orchestrator.providers.agents_conversation import AgentsConversation
from orchestrator.providers.agents_wire import CAPABILITIES, PATHS, find_homeless, from_wire, get_bridges, to_wire
from orchestrator.providers.interface import Conversation, Desired, Hearer, Journal, Live
from orchestrator.providers.keys import CommandKey
from orchestrator.providers.shelf import INDEX_SECONDS
from orchestrator.providers.stored import Dialect, StoredObjects

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
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """See `StoredObjects`."""
        self._bridges: dict[str, Bridges] = {}
        self._homeless: dict[str, str | None] = {}
        """By agent, a tool that needs an environment."""
        super().__init__(client, Dialect(PATHS, to_wire, self._read, CAPABILITIES), index_seconds, on_close)

    def _read(self, kind: Kind, item: Mapping[str, Any]) -> Live:
        """Translate an object, and keep of an agent what its conversations need to know."""
        live = from_wire(kind, item)
        if kind is Kind.ASSISTANT:
            self._bridges[str(item["id"])] = Bridges.from_metadata(mapping(item.get("metadata")))
            self._homeless[str(item["id"])] = find_homeless(live.fields)
        return live

    async def create(self, desired: Desired, journal: Journal) -> str:
        """See `StoredObjects`."""
        id = await super().create(desired, journal)
        if desired.address.kind is Kind.ASSISTANT:
            self._note(id, desired)
        return id

    async def update(self, live: Live, desired: Desired, changed: frozenset[str], journal: Journal) -> None:
        """See `StoredObjects`."""
        await super().update(live, desired, changed, journal)
        if live.kind is Kind.ASSISTANT:
            self._note(live.id, desired)

    def _note(self, id: str, desired: Desired) -> None:
        self._bridges[id], self._homeless[id] = get_bridges(desired), find_homeless(desired.fields)

    async def _get_bridges(self, agent_id: str) -> Bridges:
        """Give an agent's bridges as they were last read; one request where it was not.

        Raises `TargetRejectedError` for an agent that could not use its tools in a conversation without an environment.
        """
        if agent_id not in self._bridges:
            await self.fetch(Kind.ASSISTANT, agent_id)
        bridges, homeless = self._bridges[agent_id], self._homeless.get(agent_id)
        if homeless is not None and not bridges.code:
            raise TargetRejectedError(
                f"the agent has {homeless}, which needs an environment, and conversations are opened without one",
                "list `code_interpreter` under `tools` and `agents: {bridges: [code_interpreter]}`, which opens one, "
                "or try this agent in your application",
            )
        return bridges

    def open(self, assistant_id: str, model: str | None = None, hearer: Hearer | None = None) -> Conversation:
        """Begin a conversation; another model is its session's alone."""
        return AgentsConversation(self._client, assistant_id, model, lambda: self._get_bridges(assistant_id), hearer)
