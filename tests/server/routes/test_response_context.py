"""What a model is told through responses and conversations: one that tells what it hears, behind a real port."""

import json
from typing import Any

import openai
import pytest

from orchestrator.server.app import Settings
from orchestrator.server.models.interface import CallFunctions, FunctionCall, ModelRequest, ModelStep, Reply


class Echo:
    """A model that calls a function where the user says CALL, and else answers with all it was told."""

    name, shutdown_date = "echo", None

    async def step(self, request: ModelRequest) -> ModelStep:
        if request.messages and request.messages[-1].text.startswith("CALL") and not request.tool_steps:
            return ModelStep(CallFunctions((FunctionCall("f", "{}"), FunctionCall("f", "{}"))))
        said = [(message.role, message.text) for message in request.messages]
        steps = [[(result.name, result.output) for result in step] for step in request.tool_steps]
        return ModelStep(Reply("heard " + json.dumps([said, steps])))


TOOLS: Any = [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}]


@pytest.fixture
def settings(store):
    return Settings(store, [Echo()])


@pytest.fixture
def ask(api):
    def create(given: Any, **more: Any) -> Any:
        return api.responses.create(model="echo", input=given, tools=TOOLS, **more)

    return create


def heard(response) -> Any:
    said, steps = json.loads(response.output_text.removeprefix("heard "))
    return [text for _, text in said], steps


def user(text) -> Any:
    return {"type": "message", "role": "user", "content": text}


def called(id, name="g") -> Any:
    return {"type": "function_call", "call_id": id, "name": name, "arguments": "{}"}


def output(id, text) -> Any:
    return {"type": "function_call_output", "call_id": id, "output": text}


def answers(response, *texts) -> list[Any]:
    return [output(call.call_id, text) for call, text in zip(response.output, texts, strict=True)]


def test_who_keeps_the_talk_is_understood_as_who_leaves_it_to_the_server(ask):
    chained = kept = None
    talk: list[Any] = []
    for given in (user("CALL"), None, user("and now"), user("CALL again"), None, user("bye")):
        said = [given] if given is not None else answers(kept, "a", "b")
        more: Any = {"previous_response_id": chained.id} if chained is not None else {}
        chained = ask([given] if given is not None else answers(chained, "a", "b"), **more)
        talk += said
        kept = ask(talk, store=False)
        talk += kept.output
        assert [item.type for item in kept.output] == [item.type for item in chained.output]
        if kept.output[0].type == "message":
            assert heard(kept)[1] == heard(chained)[1]
            assert len(heard(kept)[0]) == len(heard(chained)[0])


def test_rounds_of_calls_are_steps_of_their_own(ask):
    told = [user("u"), called("1"), called("2"), output("1", "a"), output("2", "b"), called("3"), output("3", "c")]
    assert heard(ask(told)) == (["u"], [[["g", "a"], ["g", "b"]], [["g", "c"]]])
    later = [*told, {"type": "message", "role": "assistant", "content": "done"}, user("next"), called("4")]
    assert heard(ask([*later, output("4", "d")])) == (["u", "done", "next"], [[["g", "d"]]])


def test_calls_told_where_others_wait_come_after_them(ask):
    asked = ask("CALL")
    told = [*answers(asked, "a", "b"), called("9"), output("9", "c")]
    done = ask(told, previous_response_id=asked.id)
    assert heard(done) == (["CALL"], [[["f", "a"], ["f", "b"]], [["g", "c"]]])
    assert [item.type for item in done.output] == ["message"]


def test_an_output_sent_back_beside_its_response_is_refused_as_the_api_does(ask):
    first = ask("hi")
    with pytest.raises(openai.BadRequestError, match=f"Duplicate item found with id {first.output[0].id}"):
        ask([*first.output, user("again")], previous_response_id=first.id)
    assert heard(ask([user("again")], previous_response_id=first.id))[0][0] == "hi"


def test_items_of_a_conversation_are_what_the_model_is_told(api, ask):
    items = [user("u"), called("1"), output("1", "seeded")]
    talk = api.conversations.create(items=items)
    assert heard(ask([], conversation=talk.id)) == (["u"], [[["g", "seeded"]]])
    api.conversations.items.create(talk.id, items=[user("more"), called("2")])
    with pytest.raises(openai.BadRequestError, match="No tool output found for function call 2"):
        ask([], conversation=talk.id)
    texts, steps = heard(ask([output("2", "given")], conversation=talk.id))
    assert (texts[0], texts[2:], steps) == ("u", ["more"], [[["g", "given"]]])


def test_outputs_put_into_a_conversation_answer_the_calls_that_wait(api, ask):
    talk = api.conversations.create()
    asked = ask("CALL", conversation=talk.id)
    api.conversations.items.create(talk.id, items=answers(asked, "a", "b"))
    assert heard(ask([], conversation=talk.id)) == (["CALL"], [[["f", "a"], ["f", "b"]]])


def test_what_is_taken_out_is_not_told(api, ask):
    talk = api.conversations.create(items=[user("u"), called("1"), output("1", "seeded")])
    for item in api.conversations.items.list(talk.id).data:
        api.conversations.items.delete(item.id, conversation_id=talk.id)
    first = ask("one", conversation=talk.id)
    assert heard(first) == (["one"], [])
    for item in api.conversations.items.list(talk.id).data:
        api.conversations.items.delete(item.id, conversation_id=talk.id)
    assert heard(ask("two", conversation=talk.id)) == (["two"], [])
    assert api.responses.retrieve(first.id).output == first.output


def test_a_call_that_is_taken_out_is_not_waited_for(api, ask):
    talk = api.conversations.create()
    asked = ask("CALL", conversation=talk.id)
    api.conversations.items.delete(asked.output[0].id, conversation_id=talk.id)
    assert heard(ask("hi", conversation=talk.id)) == (["CALL", "hi"], [])
    assert api.responses.retrieve(asked.id).status == "completed"
