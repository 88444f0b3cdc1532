import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def raw(api, method, path, body=None):
    response = api._client.request(method, f"{api.base_url}{path}", json=body)
    return response.status_code, response.json()


def test_a_thread_with_messages(api, conforms):
    body = {
        "messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}],
        "metadata": {"a": "1"},
    }
    status, thread = raw(api, "POST", "threads", body)
    assert status == 200
    conforms(thread, "ThreadObject")
    assert (thread["metadata"], thread["tool_resources"]) == ({"a": "1"}, {})
    assert raw(api, "GET", f"threads/{thread['id']}") == (200, thread)
    texts = [m.content[0].text.value for m in api.beta.threads.messages.list(thread["id"], order="asc")]
    assert texts == ["one", "two"]


def test_an_update_replaces_metadata_and_resources(api, store):
    store.add("vector_store", {"id": "vs_1", "created_at": 1})
    thread = raw(api, "POST", "threads", {"metadata": {"a": "1"}})[1]
    path = f"threads/{thread['id']}"
    assert raw(api, "POST", path, {"metadata": {"b": "2"}})[1]["metadata"] == {"b": "2"}
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}}
    assert raw(api, "POST", path, {"tool_resources": resources})[1]["tool_resources"] == resources
    assert raw(api, "POST", path, {})[1]["metadata"] == {"b": "2"}
    assert raw(api, "POST", path, {"metadata": None, "tool_resources": None})[1] == {**thread, "metadata": {}}


def test_a_wrong_message_is_named_by_its_place_and_nothing_is_made(api, store):
    body = {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}
    status, reply = raw(api, "POST", "threads", body)
    assert status == 400
    assert reply["error"]["param"] == "messages[1].role"
    part = {"type": "image_file", "image_file": {"file_id": "file-none"}}
    status, reply = raw(api, "POST", "threads", {"messages": [{"role": "user", "content": [part]}]})
    assert (status, reply["error"]["param"]) == (400, "messages[0].content[0].image_file.file_id")
    assert store.count("thread") == 0


def test_deleting_a_thread_takes_its_messages_with_it(api, store, conforms):
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "hello"}])
    assistant = api.beta.assistants.create(model="gpt-4o")
    api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    status, reply = raw(api, "DELETE", f"threads/{thread.id}")
    conforms(reply, "DeleteThreadResponse")
    assert status == 200
    kinds = store.fetch_rows("SELECT DISTINCT kind FROM documents")
    assert kinds == [("assistant",)]
    for method, body in (("GET", None), ("POST", {}), ("DELETE", None)):
        status, reply = raw(api, method, f"threads/{thread.id}", body)
        assert (status, reply["error"]["message"]) == (404, f"No thread found with id '{thread.id}'.")


def test_a_thread_can_be_deleted_while_its_run_works(api, store):
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "slow"}])
    assistant = api.beta.assistants.create(model="gpt-4o")
    api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    api.beta.threads.delete(thread.id)
    assert store.fetch_rows("SELECT * FROM active_runs") == []
