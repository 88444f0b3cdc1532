from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CREATED: dict[str, Any] = {
    "object": "assistant",
    "name": None,
    "description": None,
    "model": "gpt-4o",
    "instructions": None,
    "tools": [],
    "tool_resources": {},
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "reasoning_effort": None,
}


def raw(api, method, path, body=None):
    response = api._client.request(method, f"{api.base_url}{path}", json=body)
    return response.status_code, response.json()


def error(api, method, path, body=None):
    status, reply = raw(api, method, path, body)
    return status, reply["error"]["message"], reply["error"]["param"], reply["error"]["code"]


def test_what_is_left_out_reads_as_the_defaults_of_the_api(api, conforms):
    status, created = raw(api, "POST", "assistants", {"model": "gpt-4o"})
    assert status == 200
    conforms(created, "AssistantObject")
    assert {key: created[key] for key in CREATED} == CREATED
    assert created["id"].startswith("asst_")
    assert raw(api, "GET", f"assistants/{created['id']}") == (200, created)


def test_everything_that_was_written_is_echoed(api, conforms, quiz_tool):
    body: dict[str, Any] = {
        "model": "o3",
        "name": "Math Tutor2",
        "description": "수학",
        "instructions": "Be kind",
        "tools": [
            {"type": "code_interpreter"},
            {"type": "file_search", "file_search": {"max_num_results": 8}},
            quiz_tool,
        ],
        "metadata": {"team": "education"},
        "temperature": 0,
        "top_p": 0.5,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
        "reasoning_effort": "low",
    }
    status, created = raw(api, "POST", "assistants", body)
    assert status == 200
    conforms(created, "AssistantObject")
    function = {**quiz_tool["function"], "strict": False}
    body["tools"][2] = {"type": "function", "function": function}
    body["response_format"]["json_schema"]["strict"] = False
    assert {key: created[key] for key in body} == body
    assert created["tool_resources"] == {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}


def test_an_update_changes_what_it_names_and_null_resets(api, quiz_tool):
    body = {"model": "a", "name": "n", "temperature": 0.2, "tools": [quiz_tool], "metadata": {"a": "1", "b": "2"}}
    created = raw(api, "POST", "assistants", body)[1]
    path = f"assistants/{created['id']}"
    assert raw(api, "POST", path, {})[1] == created
    assert raw(api, "POST", path, {"description": "d"})[1] == {**created, "description": "d"}
    change: dict[str, Any] = {
        "name": None,
        "temperature": None,
        "tools": [{"type": "code_interpreter"}],
        "metadata": {"c": "3"},
    }
    changed = raw(api, "POST", path, change)[1]
    assert changed["name"] is None
    assert changed["temperature"] == 1.0
    assert changed["tools"] == [{"type": "code_interpreter"}]
    assert changed["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert changed["metadata"] == {"c": "3"}
    assert raw(api, "POST", path, {"tools": None, "metadata": None, "model": None})[1] | {"tool_resources": {}} == {
        **changed,
        "tools": [],
        "metadata": {},
        "tool_resources": {},
    }


def test_an_update_of_resources_replaces_the_lists_of_the_tools_it_names(api, store):
    store.add("file", {"id": "file-1", "created_at": 1})
    store.add("vector_store", {"id": "vs_1", "created_at": 1})
    resources = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
    created = raw(api, "POST", "assistants", {"model": "a", "tool_resources": resources})[1]
    assert created["tool_resources"] == resources
    change: dict[str, Any] = {"tool_resources": {"code_interpreter": {"file_ids": []}}}
    changed = raw(api, "POST", f"assistants/{created['id']}", change)[1]
    assert changed["tool_resources"]["file_search"] == {"vector_store_ids": ["vs_1"]}
    assert changed["tool_resources"]["code_interpreter"] == {"file_ids": []}
    cleared = raw(api, "POST", f"assistants/{created['id']}", {"tool_resources": None})[1]
    assert cleared["tool_resources"] == {}


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        ({}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"model": "m", "x": 1}, "Unknown parameter: 'x'.", "x", "unknown_parameter"),
        ({"model": "m", "name": "n" * 257}, "Invalid 'name': string too long.", "name", "string_above_max_length"),
        ({"model": "m", "description": "n" * 513}, "Invalid 'description'", "description", "string_above_max_length"),
        (
            {"model": "m", "instructions": "n" * 256_001},
            "Invalid 'instructions'",
            "instructions",
            "string_above_max_length",
        ),
        ({"model": "m", "temperature": 2.5}, "Invalid 'temperature'", "temperature", "decimal_above_max_value"),
        ({"model": "m", "top_p": -1}, "Invalid 'top_p'", "top_p", "decimal_below_min_value"),
        (
            {"model": "m", "tools": [{"type": "code_interpreter"}] * 129},
            "Invalid 'tools': array too long.",
            "tools",
            "array_above_max_length",
        ),
        (
            {"model": "m", "tools": [{"type": "web_search"}]},
            "Invalid value: 'web_search'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
            "tools[0].type",
            "invalid_value",
        ),
        (
            {"model": "m", "tools": [{"type": "function", "function": {"name": "no spaces"}}]},
            "Invalid 'tools[0].function.name': string does not match pattern.",
            "tools[0].function.name",
            "invalid_value",
        ),
        (
            {"model": "m", "tool_resources": {"file_search": {"vector_store_ids": ["vs_none"]}}},
            "No vector store found with id 'vs_none'.",
            "tool_resources.file_search.vector_store_ids[0]",
            None,
        ),
        (
            {"model": "m", "tool_resources": {"code_interpreter": {"file_ids": ["file-none"]}}},
            "No file found with id 'file-none'.",
            "tool_resources.code_interpreter.file_ids[0]",
            None,
        ),
        (
            {"model": "m", "tool_resources": {"file_search": {"vector_stores": [{}], "vector_store_ids": ["vs_1"]}}},
            "'vector_store_ids' and 'vector_stores' are mutually exclusive.",
            "tool_resources.file_search",
            None,
        ),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(api, conforms, body, message, param, code):
    status, reply = raw(api, "POST", "assistants", body)
    conforms(reply, "ErrorResponse")
    assert status == 400
    assert reply["error"]["message"].startswith(message)
    assert (reply["error"]["param"], reply["error"]["code"]) == (param, code)
    assert raw(api, "GET", "assistants")[1]["data"] == []


def test_lists_are_paged(api, conforms):
    made = [api.beta.assistants.create(model="m", name=str(number)).id for number in range(5)]
    assert [assistant.id for assistant in api.beta.assistants.list(limit=2, order="asc")] == made
    assert [assistant.id for assistant in api.beta.assistants.list(limit=2)] == made[::-1]
    page = raw(api, "GET", f"assistants?limit=2&order=asc&after={made[1]}")[1]
    conforms(page, "ListAssistantsResponse")
    assert (page["first_id"], page["last_id"], page["has_more"]) == (made[2], made[3], True)
    assert error(api, "GET", "assistants?after=asst_x") == (
        400,
        "Invalid 'after': no object with id 'asst_x' in this list.",
        "after",
        "invalid_value",
    )


def test_delete_and_what_is_not_there(api, conforms):
    created = api.beta.assistants.create(model="m")
    reply = raw(api, "DELETE", f"assistants/{created.id}")[1]
    conforms(reply, "DeleteAssistantResponse")
    assert reply == {"id": created.id, "object": "assistant.deleted", "deleted": True}
    gone = (404, f"No assistant found with id '{created.id}'.", None, None)
    for method, body in (("GET", None), ("POST", {}), ("DELETE", None)):
        assert error(api, method, f"assistants/{created.id}", body) == gone
