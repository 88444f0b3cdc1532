"""For an application that runs sessions of the Agents API: answers to the searches of an agent that has a bridge.

    agent = client.beta.agents.retrieve(id)
    ...
    if call.name == bridge.FUNCTION:
        output = bridge.search(client, agent, call.arguments)

What is to be searched is written on the agent, so that nothing of the project is needed (`agents: {bridges: [...]}`).
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.model.bridges import Bridges, SearchBridge, best, get_passage, get_query, to_output
from orchestrator.model.conversation import FILE_SEARCH

FUNCTION = FILE_SEARCH
"""Name of the function that the agent calls."""
_ASK_AGAIN = "Give the query as text: {query}."


def search(client: Any, agent: Any, arguments: Any) -> str:
    """Give the output for one call of `FUNCTION`: JSON with the passages that were found, best first.

    `client` is an `openai.OpenAI`, `agent` what it retrieved, `arguments` those of the call. Raises `UsageError` where
    the agent has no such bridge, and what the client raises.
    """
    bridge, query = _get(agent), get_query(arguments)
    if query is None:
        return _ASK_AGAIN
    pages = [client.vector_stores.search(store, **bridge.to_request(query)) for store in bridge.stores]
    return _output([page.data for page in pages], bridge)


async def search_async(client: Any, agent: Any, arguments: Any) -> str:
    """Do what `search` does with an `openai.AsyncOpenAI`."""
    bridge, query = _get(agent), get_query(arguments)
    if query is None:
        return _ASK_AGAIN
    pages = [await client.vector_stores.search(store, **bridge.to_request(query)) for store in bridge.stores]
    return _output([page.data for page in pages], bridge)


def _get(agent: Any) -> SearchBridge:
    metadata = agent.get("metadata") if isinstance(agent, Mapping) else agent.metadata
    found = Bridges.from_metadata(metadata).search
    if found is None:
        message = "this agent has no bridge for file_search"
        raise UsageError(message, "apply a spec with `agents: {bridges: [file_search]}`, and retrieve the agent anew")
    return found


def _output(pages: list[list[Any]], bridge: SearchBridge) -> str:
    passages = (get_passage(found.model_dump()) for page in pages for found in page)
    return to_output(best(passages, bridge.max_num_results))
