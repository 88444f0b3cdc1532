import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def raw(api, method, path, body=None):
    response = api._client.request(method, f"{api.base_url}{path}", json=body)
    return response.status_code, response.json()


@pytest.fixture
def thread_id(api):
    return api.beta.threads.create().id


def test_text_becomes_a_text_part(api, conforms, thread_id):
    status, message = raw(api, "POST", f"threads/{thread_id}/messages", {"role": "user", "content": "안녕 \0"})
    assert status == 200
    conforms(message, "MessageObject")
    assert message["content"] == [{"type": "text", "text": {"value": "안녕 \0", "annotations": []}}]
    assert (message["role"], message["status"], message["run_id"], message["attachments"]) == (
        "user",
        "completed",
        None,
        [],
    )
    assert raw(api, "GET", f"threads/{thread_id}/messages/{message['id']}") == (200, message)


def test_parts_of_all_kinds_are_kept(api, conforms, store, thread_id):
    store.add("file", {"id": "file-1", "created_at": 1})
    content = [
        {"type": "text", "text": "look"},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    ]
    attachments = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}]
    body = {"role": "user", "content": content, "attachments": attachments, "metadata": {"a": "b"}}
    status, message = raw(api, "POST", f"threads/{thread_id}/messages", body)
    assert status == 200
    conforms(message, "MessageObject")
    assert message["content"][1]["image_file"] == {"file_id": "file-1", "detail": "auto"}
    assert message["attachments"] == attachments
    assert api.beta.threads.messages.retrieve(message["id"], thread_id=thread_id).metadata == {"a": "b"}


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"content": "x"}, 400, "role"),
        ({"role": "user"}, 400, "content"),
        ({"role": "user", "content": ""}, 400, "content"),
        ({"role": "user", "content": []}, 400, "content"),
        ({"role": "user", "content": "x" * 256_001}, 400, "content"),
        ({"role": "user", "content": [{"type": "video"}]}, 400, "content[0].type"),
        (
            {"role": "user", "content": "x", "attachments": [{"file_id": "file-x", "tools": []}]},
            400,
            "attachments[0].file_id",
        ),
    ],
)
def test_wrong_messages_are_refused(api, thread_id, body, status, param):
    got, reply = raw(api, "POST", f"threads/{thread_id}/messages", body)
    assert (got, reply["error"]["param"]) == (status, param)
    assert raw(api, "GET", f"threads/{thread_id}/messages")[1]["data"] == []


def test_file_search_attachments_need_vector_stores(api, store, thread_id):
    store.add("file", {"id": "file-1", "created_at": 1})
    attachments = [{"file_id": "file-1", "tools": [{"type": "file_search"}]}]
    body = {"role": "user", "content": "x", "attachments": attachments}
    status, reply = raw(api, "POST", f"threads/{thread_id}/messages", body)
    assert status == 501
    assert "vector stores" in reply["error"]["message"]


def test_lists_can_be_of_one_run(api, conforms):
    assistant = api.beta.assistants.create(model="gpt-4o")
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "hello"}])
    runs = [api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id).id for _ in range(2)]
    page = raw(api, "GET", f"threads/{thread.id}/messages")[1]
    conforms(page, "ListMessagesResponse")
    assert [message["run_id"] for message in page["data"]] == [runs[1], runs[0], None]
    page = raw(api, "GET", f"threads/{thread.id}/messages?run_id={runs[0]}")[1]
    assert [message["run_id"] for message in page["data"]] == [runs[0]]


def test_modify_and_delete(api, conforms, thread_id):
    message = raw(api, "POST", f"threads/{thread_id}/messages", {"role": "user", "content": "x"})[1]
    path = f"threads/{thread_id}/messages/{message['id']}"
    assert raw(api, "POST", path, {"metadata": {"a": "b"}})[1] == {**message, "metadata": {"a": "b"}}
    assert raw(api, "POST", path, {"content": "y"})[0] == 400
    status, reply = raw(api, "DELETE", path)
    conforms(reply, "DeleteMessageResponse")
    for method, body in (("GET", None), ("POST", {}), ("DELETE", None)):
        status, reply = raw(api, method, path, body)
        assert (status, reply["error"]["message"]) == (404, f"No message found with id '{message['id']}'.")


def test_a_message_belongs_to_its_thread(api, thread_id):
    message = raw(api, "POST", f"threads/{thread_id}/messages", {"role": "user", "content": "x"})[1]
    other = api.beta.threads.create().id
    assert raw(api, "GET", f"threads/{other}/messages/{message['id']}")[0] == 404
    assert raw(api, "GET", f"threads/thread_none/messages/{message['id']}")[1]["error"]["message"] == (
        "No thread found with id 'thread_none'."
    )


def test_no_message_is_added_while_a_run_is_active(api):
    assistant = api.beta.assistants.create(model="gpt-4o")
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "slow"}])
    run = api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    status, reply = raw(api, "POST", f"threads/{thread.id}/messages", {"role": "user", "content": "x"})
    assert (status, reply["error"]["message"]) == (
        400,
        f"Can't add messages to {thread.id} while a run {run.id} is active.",
    )
