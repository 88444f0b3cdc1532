"""Responses as the official client asks for them, strict, over a real port."""

import asyncio
import json
import threading
from typing import Any

import openai
import pytest

from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble

QUIZ: Any = {"type": "function", "name": "display_quiz", "parameters": {"type": "object"}, "strict": False}
RULES = (
    {"user": "quiz", "call": [{"name": "display_quiz", "arguments": {"n": n}} for n in (1, 2)]},
    {"after": "display_quiz", "reply": "you said {outputs[0]} and {outputs[1]}"},
    {"user": "slow", "reply": "at last", "delay_ms": 60_000},
    {"user": "limit", "error": "rate_limit_exceeded"},
    {"user": "echo", "reply": "{user}"},
    {"user": "code", "code": "print(6 * 7)"},
    {"after": "code_interpreter", "reply": "it says {outputs[0]}"},
    {"user": "search", "search": "whales"},
    {"after": "file_search", "reply": "{results[0].text}", "cite": True},
    {"user": "long", "reply": "one two three four five six seven eight nine ten " * 10},
    {"reply": "hello there"},
)


@pytest.fixture
def settings(settings, make_model):
    return type(settings)(settings.store, [make_model(RULES, "gpt-4o")])


@pytest.fixture
def responses(api):
    return api.responses


def say(responses, text="hi", **more) -> Any:
    return responses.create(model="gpt-4o", input=text, **more)


def outputs(response, *values):
    calls = [item for item in response.output if item.type == "function_call"]
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": value}
        for call, value in zip(calls, values, strict=True)
    ]


def test_a_response_is_what_was_asked_for_with_what_the_api_fills_in(responses):
    response = say(responses, instructions="Be kind", metadata={"team": "a"}, temperature=0.5, tools=[QUIZ])
    assert (response.status, response.output_text) == ("completed", "hello there")
    assert (response.instructions, response.metadata, response.temperature) == ("Be kind", {"team": "a"}, 0.5)
    assert (response.top_p, response.tool_choice, response.parallel_tool_calls) == (1.0, "auto", True)
    assert (response.text.format.type, response.text.verbosity, response.truncation) == ("text", "medium", "disabled")
    assert [tool.name for tool in response.tools] == ["display_quiz"]
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    assert responses.retrieve(response.id) == response


def test_what_a_response_was_given_is_listed(responses):
    said = [
        {"role": "developer", "content": "Be brief"},
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    ]
    response = responses.create(model="gpt-4o", input=said)
    items = list(responses.input_items.list(response.id, order="asc"))
    assert [(item.role, item.content[0].text) for item in items] == [("developer", "Be brief"), ("user", "hi")]
    (last,) = responses.input_items.list(response.id, limit=1).data
    assert last.id == items[1].id
    assert [item.id for item in responses.input_items.list(response.id, after=last.id).data] == [items[0].id]


def test_calls_complete_a_response_and_the_next_goes_on_with_their_outputs(responses):
    asked = say(responses, "quiz", tools=[QUIZ])
    assert asked.status == "completed"
    assert [(item.type, item.name, json.loads(item.arguments)) for item in asked.output] == [
        ("function_call", "display_quiz", {"n": 1}),
        ("function_call", "display_quiz", {"n": 2}),
    ]
    done = say(responses, outputs(asked, "a", "b"), previous_response_id=asked.id, tools=[QUIZ])
    assert done.output_text == "you said a and b"
    assert [item.type for item in done.output] == ["message"]
    again = responses.retrieve(asked.id)
    assert (again.status, again.output, again.usage) == (asked.status, asked.output, asked.usage)
    further = say(responses, "echo", previous_response_id=done.id)
    assert further.output_text == "echo"


def test_every_call_needs_its_output_and_every_output_its_call(responses):
    asked = say(responses, "quiz", tools=[QUIZ])
    first, second = (item.call_id for item in asked.output)
    with pytest.raises(openai.BadRequestError, match=f"No tool output found for function call {second}"):
        say(responses, outputs(asked, "a", "b")[:1], previous_response_id=asked.id)
    with pytest.raises(openai.BadRequestError, match=f"No tool output found for function call {first}"):
        say(responses, "never mind", previous_response_id=asked.id)
    stray = [*outputs(asked, "a", "b"), {"type": "function_call_output", "call_id": "call_x", "output": "c"}]
    with pytest.raises(openai.BadRequestError, match="No tool call found for function call output with call_id call_x"):
        say(responses, stray, previous_response_id=asked.id)
    assert say(responses, outputs(asked, "a", "b"), previous_response_id=asked.id).output_text == "you said a and b"


def test_one_response_can_be_gone_on_from_twice(responses):
    asked = say(responses, "quiz", tools=[QUIZ])
    answered = [say(responses, outputs(asked, *said), previous_response_id=asked.id) for said in ("ab", "cd", "ef")]
    assert [each.output_text for each in answered] == ["you said a and b", "you said c and d", "you said e and f"]
    first = say(responses, "echo one", previous_response_id=answered[1].id)
    second = say(responses, "echo two", previous_response_id=answered[1].id)
    assert (first.output_text, second.output_text) == ("echo one", "echo two")


def test_a_client_may_keep_the_talk_itself(responses):
    asked = say(responses, "quiz", tools=[QUIZ], store=False)
    with pytest.raises(openai.BadRequestError, match="not found") as error:
        say(responses, outputs(asked, "a", "b"), previous_response_id=asked.id)
    assert error.value.code == "previous_response_not_found"
    told = [{"role": "user", "content": "quiz"}, *[item.model_dump(exclude_none=True) for item in asked.output]]
    done = responses.create(model="gpt-4o", input=[*told, *outputs(asked, "a", "b")], tools=[QUIZ], store=False)
    assert done.output_text == "you said a and b"
    assert [item.type for item in done.output] == ["message"]


def test_a_talk_is_an_instruction_at_a_time(responses, make_model, store):
    first = say(responses, instructions="Be kind")
    assert say(responses, previous_response_id=first.id).instructions is None


@pytest.mark.parametrize(
    ("asked", "status", "code", "message"),
    [
        ({"model": "gpt-x"}, 400, "model_not_found", "The requested model 'gpt-x' does not exist"),
        ({"previous_response_id": "resp_x"}, 400, "previous_response_not_found", "'resp_x' not found"),
        ({"conversation": "conv_x"}, 404, None, "Conversation with id 'conv_x' not found"),
        (
            {"conversation": "conv_x", "previous_response_id": "resp_x"},
            400,
            "mutually_exclusive_parameters",
            "Mutually exclusive",
        ),
        ({"temperature": 3}, 400, "decimal_above_max_value", "temperature"),
        ({"max_output_tokens": 1}, 400, "integer_below_min_value", "max_output_tokens"),
        ({"mood": "sunny"}, 400, "unknown_parameter", "mood"),
        ({"input": [{"type": "message"}]}, 400, "missing_required_parameter", "input"),
        ({"tools": [{"name": "x"}]}, 400, "missing_required_parameter", "tools"),
        ({"background": True, "store": False}, 400, None, "Background"),
        ({"reasoning": {"effort": 5}}, 400, "invalid_type", "reasoning.effort"),
        ({"reasoning": {"effort": "banana"}}, 400, "invalid_value", "banana"),
        ({"reasoning": {"mood": "low"}}, 400, "unknown_parameter", "reasoning.mood"),
        ({"tool_choice": {}}, 400, "missing_required_parameter", "tool_choice.type"),
        ({"tool_choice": {"type": "banana"}}, 400, "invalid_value", "banana"),
        ({"input": [{"id": "", "role": "user", "content": "x"}]}, 400, "empty_string", "id"),
        ({"tool_choice": {"type": "function", "name": "nobody"}}, 400, None, "Tool choice 'nobody' not found"),
        ({"tool_choice": {"type": "file_search"}}, 400, None, "Tool choice 'file_search' not found"),
        ({"include": ["banana"]}, 400, "invalid_value", "banana"),
        ({"service_tier": "banana"}, 400, "invalid_value", "banana"),
        ({"stream_options": {"banana": True}}, 400, "unknown_parameter", "stream_options.banana"),
        ({"tools": [{"type": "mcp"}]}, 400, "missing_required_parameter", "server_label"),
        ({"tools": [{"type": "code_interpreter", "container": {}}]}, 400, "missing_required_parameter", "type"),
        (
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": 5}}]},
            400,
            "invalid_type",
            "file_ids",
        ),
        (
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-x"]}}]},
            400,
            None,
            "File with id 'file-x' not found",
        ),
        (
            {"tools": [{"type": "file_search", "vector_store_ids": ["vs_x"]}]},
            400,
            None,
            "Vector store with id 'vs_x' not found",
        ),
        (
            {"tools": [{"type": "file_search", "vector_store_ids": [], "filters": {"type": "banana"}}]},
            400,
            "invalid_value",
            "filters.type",
        ),
    ],
)
def test_what_is_refused_says_why(responses, asked, status, code, message):
    with pytest.raises(openai.APIStatusError, match=message) as error:
        responses.create(**{"model": "gpt-4o", "input": "hi", "extra_body": asked})
    assert (error.value.status_code, error.value.code) == (status, code)


def test_a_response_that_is_not_there(responses):
    for ask in (responses.retrieve, responses.cancel, responses.delete, lambda id: responses.input_items.list(id).data):
        with pytest.raises(openai.NotFoundError, match="Response with id 'resp_x' not found"):
            ask("resp_x")


def test_tools_of_other_types_are_kept_and_told_again(responses):
    tools: Any = [{"type": "web_search"}, {"type": "mcp", "server_label": "d", "server_url": "https://d.example"}]
    response = say(responses, tools=tools)
    assert [tool.type for tool in response.tools] == ["web_search", "mcp"]


def test_what_the_api_documents_is_taken_and_told_again(responses):
    more = {"defer_loading": True, "allowed_callers": ["direct"], "output_schema": {"type": "string"}}
    response = say(
        responses,
        tools=[{**QUIZ, **more}],
        prompt={"id": "pmpt_1", "variables": {"city": "Seoul"}},
        context_management=[{"type": "compaction", "compact_threshold": 1000}],
        moderation={"model": "omni-moderation-latest"},
    )
    assert {key: getattr(response.tools[0], key) for key in more} == more
    assert (response.prompt.id, response.prompt.variables) == ("pmpt_1", {"city": "Seoul"})


def test_an_output_is_sent_back_as_the_client_has_it(responses):
    asked = say(responses, "quiz", tools=[QUIZ])
    told = [{"role": "user", "content": "quiz"}, *[item.model_dump() for item in asked.output]]
    done = responses.create(model="gpt-4o", input=[*told, *outputs(asked, "a", "b")], tools=[QUIZ])
    assert done.output_text == "you said a and b"
    called: Any = {**told[1], "caller": {"type": "direct"}, "namespace": "school", "async": False}
    called.pop("async_", None)
    again = responses.create(model="gpt-4o", input=[called, *outputs(asked, "a", "b")[:1], *done.output], tools=[QUIZ])
    (item,) = [each for each in responses.input_items.list(again.id) if each.type == "function_call"]
    assert (item.namespace, item.caller.type) == ("school", "direct")


def test_only_allowed_tools_are_offered(responses):
    other: Any = {"type": "function", "name": "other", "parameters": {"type": "object"}, "strict": False}
    allowed: Any = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "other"}]}
    refused = say(responses, "quiz", tools=[QUIZ, other], tool_choice=allowed)
    assert (refused.status, refused.tool_choice.type) == ("failed", "allowed_tools")
    assert "they offer: other" in refused.error.message


@pytest.mark.parametrize("path", ["input_tokens", "compact"])
def test_what_is_not_built_says_so(responses, path):
    with pytest.raises(openai.APIStatusError, match="does not have") as error:
        responses._client.post(f"/responses/{path}", body={"model": "gpt-4o"}, cast_to=object)
    assert error.value.status_code == 501


def test_what_is_not_to_be_kept_is_told_once(responses, store):
    for more in ({}, {"stream": True}):
        told = say(responses, "quiz", tools=[QUIZ], store=False, **more)
        response = list(told)[-1].response if more else told
        assert len(response.output) == 2
        for ask in (responses.retrieve, responses.delete, lambda id: responses.input_items.list(id).data):
            with pytest.raises(openai.NotFoundError):
                ask(response.id)
        assert store.fetch_rows("SELECT kind, id FROM documents") == []


def test_a_response_that_ends_in_calls_tells_when_it_was_complete(responses):
    asked = say(responses, "quiz", tools=[QUIZ])
    assert asked.completed_at >= asked.created_at
    say(responses, outputs(asked, "a", "b"), previous_response_id=asked.id)
    assert responses.retrieve(asked.id).completed_at == asked.completed_at


def test_a_limit_of_tokens_cuts_a_response_short(responses):
    response = say(responses, "long", max_output_tokens=16)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert response.usage.output_tokens == 16
    assert response.output[0].status == "incomplete"


def test_a_failure_is_told_and_the_talk_goes_on(responses):
    failed = say(responses, "limit")
    assert (failed.status, failed.error.code) == ("failed", "rate_limit_exceeded")
    assert say(responses, "echo", previous_response_id=failed.id).output_text == "echo"


def test_a_deleted_response_is_gone(responses):
    first = say(responses)
    second = say(responses, previous_response_id=first.id)
    responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        responses.retrieve(first.id)
    assert responses.retrieve(second.id).output_text == "hello there"
    responses.delete(second.id)
    with pytest.raises(openai.BadRequestError):
        say(responses, previous_response_id=second.id)


def test_nothing_is_left_of_a_talk_that_is_deleted(responses, store):
    response = say(responses, "quiz", tools=[QUIZ])
    responses.delete(response.id)
    kinds = {row[0] for row in store.fetch_rows("SELECT DISTINCT kind FROM documents")}
    assert kinds == set()


def names(stream):
    return [event.type for event in stream]


def test_a_stream_tells_a_message_from_its_beginning_to_its_end(responses):
    with responses.create(model="gpt-4o", input="hi", stream=True) as stream:
        events = list(stream)
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].response.status == events[1].response.status == "in_progress"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "hello there"
    assert events[-1].response == responses.retrieve(events[-1].response.id)


def test_a_stream_tells_calls_and_ends_with_them(responses):
    with responses.create(model="gpt-4o", input="quiz", tools=[QUIZ], stream=True) as stream:
        events = list(stream)
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert [json.loads(event.arguments) for event in done] == [{"n": 1}, {"n": 2}]
    assert [event.output_index for event in done] == [0, 1]
    assert events[-1].type == "response.completed"
    given = outputs(events[-1].response, "a", "b")
    with responses.create(
        model="gpt-4o", input=given, previous_response_id=events[-1].response.id, stream=True
    ) as stream:
        assert list(stream)[-1].response.output_text == "you said a and b"


def test_a_stream_ends_as_the_response_does(responses):
    for text, end in (("limit", "response.failed"), ("long", "response.incomplete")):
        with responses.create(model="gpt-4o", input=text, max_output_tokens=16, stream=True) as stream:
            assert names(stream)[-1] == end


def test_the_clients_helper_puts_a_stream_together(responses):
    with responses.stream(model="gpt-4o", input="quiz", tools=[QUIZ]) as stream:
        final = stream.get_final_response()
    assert [item.name for item in final.output] == ["display_quiz", "display_quiz"]


def test_the_asynchronous_client_is_answered_alike(settings, live_server):
    url = live_server(settings)

    async def ask():
        async with openai.AsyncOpenAI(base_url=url, api_key="none", _strict_response_validation=True) as client:
            whole = await client.responses.create(model="gpt-4o", input="hi")
            stream = await client.responses.create(model="gpt-4o", input="hi", stream=True)
            return whole.output_text, [event.type async for event in stream][-1]

    assert asyncio.run(ask()) == ("hello there", "response.completed")


def ended(responses, response):
    for _ in range(2000):
        response = responses.retrieve(response.id)
        if response.status not in ("queued", "in_progress"):
            return response
        threading.Event().wait(0.005)
    raise AssertionError(response.status)


def test_in_the_background_a_response_is_given_at_once_and_ends_later(responses):
    begun = say(responses, background=True)
    assert (begun.status in ("queued", "in_progress"), begun.output, begun.background) == (True, [], True)
    assert ended(responses, begun).output_text == "hello there"


def test_only_what_is_in_the_background_is_cancelled(responses):
    begun = say(responses, "slow", background=True)
    responses.cancel(begun.id)
    assert ended(responses, begun).status == "cancelled"
    assert responses.cancel(begun.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="only background responses"):
        responses.cancel(say(responses).id)


@pytest.fixture
def whole(store, make_model, live_server):
    """A server with everything it has."""
    url = live_server(assemble(store, [make_model(RULES, "gpt-4o")]))
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, _strict_response_validation=True) as client:
        yield client


def test_searches_and_citations_are_told_and_passages_where_they_are_asked_for(whole):
    file = whole.files.create(file=("고래.md", b"All whales breathe air."), purpose="assistants")
    store = whole.vector_stores.create(file_ids=[file.id])
    tool: Any = {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 3}
    asked = {"tools": [tool], "include": ["file_search_call.results"]}
    response = say(whole.responses, "search", **asked)
    search, message = response.output
    assert (search.type, search.queries) == ("file_search_call", ["whales"])
    assert [(found.file_id, found.filename, found.text.strip()) for found in search.results] == [
        (file.id, "고래.md", "All whales breathe air.")
    ]
    assert response.output_text == "All whales breathe air."
    (note,) = message.content[0].annotations
    assert (note.type, note.file_id, note.filename, note.index) == ("file_citation", file.id, "고래.md", 23)
    assert say(whole.responses, "search", tools=[tool]).output[0].results is None
    assert whole.responses.retrieve(response.id).output[0].results is None
    again = whole.responses.retrieve(response.id, include=asked["include"])
    assert again.output == response.output
    talk = whole.conversations.create()
    say(whole.responses, "search", tools=[tool], conversation=talk.id)
    for include, passages in (([], 0), (asked["include"], 1)):
        (item,) = [
            each for each in whole.conversations.items.list(talk.id, include=include) if each.type == search.type
        ]
        assert len(item.results or ()) == passages
        assert whole.conversations.items.retrieve(item.id, conversation_id=talk.id, include=include) == item
    with whole.responses.create(model="gpt-4o", input="search", stream=True, **asked) as stream:
        told = names(stream)
    assert "response.file_search_call.completed" in told
    assert "response.output_text.annotation.added" in told


def test_filters_of_a_search_are_kept_to(whole):
    store = whole.vector_stores.create()
    for name, topic in (("a.md", "sea"), ("b.md", "land")):
        file = whole.files.create(file=(name, b"All whales breathe air."), purpose="assistants")
        whole.vector_stores.files.create_and_poll(
            file.id, vector_store_id=store.id, attributes={"topic": topic}, poll_interval_ms=5
        )
    wanted = {"type": "eq", "key": "topic", "value": "land"}
    tool: Any = {"type": "file_search", "vector_store_ids": [store.id], "filters": wanted}
    response = say(whole.responses, "search", tools=[tool], include=["file_search_call.results"])
    assert [found.filename for found in response.output[0].results] == ["b.md"]


def test_code_is_told_and_its_outputs_where_they_are_asked_for(whole, sandbox):
    tool: Any = {"type": "code_interpreter", "container": {"type": "auto"}}
    response = say(whole.responses, "code", tools=[tool], include=["code_interpreter_call.outputs"])
    code, _ = response.output
    assert (code.type, code.code, code.outputs[0].logs.strip()) == ("code_interpreter_call", "print(6 * 7)", "42")
    assert code.container_id.startswith("cntr_")
    assert response.output_text.strip() == "it says 42"
    assert say(whole.responses, "code", tools=[tool]).output[0].outputs is None


def test_a_response_that_waits_outlives_the_server(store, make_model, app_client, settings):
    async def check():
        async with app_client(settings) as client:
            body = {"model": "gpt-4o", "input": "quiz", "tools": [QUIZ]}
            asked = (await client.post("/responses", json=body)).json()
        assert create_app(settings) is not None
        async with app_client(settings) as client:
            given = [
                {"type": "function_call_output", "call_id": item["call_id"], "output": "again"}
                for item in asked["output"]
            ]
            body = {"model": "gpt-4o", "input": given, "previous_response_id": asked["id"]}
            done = (await client.post("/responses", json=body)).json()
            assert done["output"][0]["content"][0]["text"] == "you said again and again"
            assert (await client.get(f"/responses/{asked['id']}")).json()["output"] == asked["output"]

    asyncio.run(check())
