"""The whole server, by the official client over a real port."""

import asyncio
from collections.abc import Callable

import openai
import pytest
from starlette.routing import Route

from orchestrator.server.app import Settings, create_app
from orchestrator.server.assembly import assemble

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def whole(store, make_model) -> Settings:
    return assemble(store, [make_model()])


@pytest.fixture
def client(whole, live_server: Callable[[Settings], str]):
    with openai.OpenAI(
        base_url=live_server(whole), api_key="none", max_retries=0, _strict_response_validation=True
    ) as opened:
        yield opened


def test_every_path_of_the_openapi_file_is_served_or_named_as_missing(whole, app_client, openapi_paths):
    async def check():
        async with app_client(whole) as http:
            for path, methods in openapi_paths.items():
                for method in methods:
                    reply = await http.request(method.upper(), path.replace("{", "x").replace("}", "x"), json={})
                    message = reply.json().get("error", {}).get("message", "")
                    assert "Invalid URL" not in message, (method, path)
                    assert "Invalid method" not in message, (method, path)
                    assert (reply.status_code == 501) == path.startswith("/uploads"), (method, path)
                    assert reply.status_code != 500

    asyncio.run(check())


def test_no_path_has_two_handlers_for_one_method(whole):
    seen = [
        (route.path, method)
        for route in create_app(whole).routes
        if isinstance(route, Route)
        for method in route.methods or ()
    ]
    assert len(seen) == len(set(seen))


def test_a_file_attached_to_a_message_is_searched_and_cited(client):
    file = client.files.create(
        file=("notes.md", "언어 모델 language models predict words".encode()), purpose="assistants"
    )
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}])
    attachment = {"file_id": file.id, "tools": [{"type": "file_search"}]}
    message = {"role": "user", "content": "search", "attachments": [attachment]}
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread={"messages": [message]})
    assert run.status == "completed", run.last_error
    text = client.beta.threads.messages.list(run.thread_id).data[0].content[0].text
    assert "language models predict words" in text.value
    assert [note.file_citation.file_id for note in text.annotations] == [file.id]


def test_vector_stores_are_made_with_an_assistant_or_a_thread(client):
    file = client.files.create(file=("notes.md", b"language models predict words"), purpose="assistants")
    resources = {"file_search": {"vector_stores": [{"file_ids": [file.id]}]}}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}], tool_resources=resources)
    (vector_store_id,) = assistant.tool_resources.file_search.vector_store_ids
    assert client.vector_stores.retrieve(vector_store_id).file_counts.total == 1
    thread = client.beta.threads.create(tool_resources=resources)
    assert len(thread.tool_resources.file_search.vector_store_ids) == 1
    again = {
        "role": "user",
        "content": "search",
        "attachments": [{"file_id": file.id, "tools": [{"type": "file_search"}]}],
    }
    client.beta.threads.messages.create(thread.id, **again)
    assert client.beta.threads.retrieve(thread.id).tool_resources == thread.tool_resources
    with pytest.raises(openai.NotFoundError):
        client.beta.assistants.create(
            model="m", tool_resources={"file_search": {"vector_stores": [{"file_ids": ["file-none"]}]}}
        )
