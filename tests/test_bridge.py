"""An application's own answers to an agent's searches, with the official client over a real port."""

import asyncio
import json

import openai
import pytest

from orchestrator import bridge
from orchestrator.errors import UsageError
from orchestrator.model.bridges import Bridges, SearchBridge
from tests.providers.building import on_port


@pytest.fixture
def url(tmp_path):
    with on_port(tmp_path) as url:
        yield url


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=url, api_key="none", _strict_response_validation=True) as client:
        yield client


@pytest.fixture
def agent(client):
    stores = []
    for name, text in (("고래.md", "All whales breathe air."), ("cats.md", "Cats purr, whales do not.")):
        store = client.vector_stores.create()
        file = client.files.create(file=(name, text.encode()), purpose="assistants")
        client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, poll_interval_ms=5)
        stores.append(store.id)
    metadata = Bridges(SearchBridge(tuple(stores), 5)).to_metadata()
    return client.beta.agents.create(model="gpt-4o", metadata=metadata)


def test_a_search_gives_the_passages_of_all_its_stores(client, agent):
    output = json.loads(bridge.search(client, agent, '{"query": "whales"}'))
    assert {found["file"] for found in output["results"]} == {"고래.md", "cats.md"}
    assert output == json.loads(bridge.search(client, agent.model_dump(), {"query": "whales"}))


def test_the_asynchronous_client_is_answered_alike(client, agent, url):
    async def ask():
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as other:
            return await bridge.search_async(other, agent, {"query": "whales"})

    assert asyncio.run(ask()) == bridge.search(client, agent, {"query": "whales"})


def test_a_call_without_a_query_asks_the_model_again(client, agent):
    assert "query" in bridge.search(client, agent, "{}")
    assert asyncio.run(bridge.search_async(None, agent, "{}")) == bridge.search(client, agent, "{}")


def test_an_agent_without_a_bridge_is_told(client):
    agent = client.beta.agents.create(model="gpt-4o")
    with pytest.raises(UsageError, match="no bridge") as error:
        bridge.search(client, agent, {"query": "x"})
    assert "agents: {bridges: [file_search]}" in str(error.value.hint)


def test_its_name_is_that_of_the_function():
    assert bridge.FUNCTION == "file_search"
