"""Conversations as the official client keeps them, strict, over a real port."""

import threading
from typing import Any

import openai
import pytest

from tests.server.routes.test_responses import QUIZ, RULES, outputs


@pytest.fixture
def settings(settings, make_model):
    return type(settings)(settings.store, [make_model(RULES, "gpt-4o")])


@pytest.fixture
def conversations(api):
    return api.conversations


def said(items):
    return [(item.type, getattr(item, "role", None)) for item in items]


def texts(items):
    return [item.content[0].text for item in items if item.type == "message"]


def test_a_conversation_is_made_read_changed_and_deleted(conversations):
    made = conversations.create(metadata={"topic": "demo"})
    assert (made.object, made.metadata) == ("conversation", {"topic": "demo"})
    assert conversations.retrieve(made.id) == made
    assert conversations.update(made.id, metadata={"topic": "other"}).metadata == {"topic": "other"}
    assert conversations.delete(made.id).deleted
    for ask in (conversations.retrieve, conversations.delete, lambda id: conversations.items.list(id).data):
        with pytest.raises(openai.NotFoundError, match=f"Conversation with id '{made.id}' not found"):
            ask(made.id)


def test_what_is_said_in_it_is_in_it_in_order(api, conversations):
    talk = conversations.create(items=[{"type": "message", "role": "user", "content": "earlier"}])
    first = api.responses.create(model="gpt-4o", conversation=talk.id, input="echo one")
    assert first.conversation.id == talk.id
    asked = api.responses.create(model="gpt-4o", conversation={"id": talk.id}, input="quiz", tools=[QUIZ])
    api.responses.create(model="gpt-4o", conversation=talk.id, input=outputs(asked, "a", "b"), tools=[QUIZ])
    items = list(conversations.items.list(talk.id, order="asc", limit=3))
    assert said(items) == [
        ("message", "user"),
        ("message", "user"),
        ("message", "assistant"),
        ("message", "user"),
        ("function_call", None),
        ("function_call", None),
        ("function_call_output", None),
        ("function_call_output", None),
        ("message", "assistant"),
    ]
    assert texts(items) == ["earlier", "echo one", "echo one", "quiz", "you said a and b"]
    assert [item.id for item in conversations.items.list(talk.id)] == [item.id for item in reversed(items)]
    assert conversations.items.retrieve(items[4].id, conversation_id=talk.id) == items[4]


def test_items_are_put_in_and_taken_out(api, conversations):
    talk = conversations.create()
    given: Any = [{"type": "message", "role": role, "content": role} for role in ("user", "assistant")]
    put = conversations.items.create(talk.id, items=given)
    assert texts(put.data) == ["user", "assistant"]
    assert conversations.items.delete(put.data[0].id, conversation_id=talk.id).id == talk.id
    assert texts(conversations.items.list(talk.id)) == ["assistant"]
    with pytest.raises(openai.NotFoundError):
        conversations.items.retrieve(put.data[0].id, conversation_id=talk.id)


def test_no_more_than_twenty_items_are_put_in_at_once(conversations):
    many: Any = [{"type": "message", "role": "user", "content": "x"}] * 21
    with pytest.raises(openai.BadRequestError, match="maximum length 20"):
        conversations.create(items=many)
    with pytest.raises(openai.BadRequestError, match="maximum length 20"):
        conversations.items.create(conversations.create().id, items=many)


def test_calls_that_wait_for_their_outputs_hold_the_conversation(api, conversations):
    talk = conversations.create()
    asked = api.responses.create(model="gpt-4o", conversation=talk.id, input="quiz", tools=[QUIZ])
    with pytest.raises(openai.BadRequestError, match="No tool output found for function call"):
        api.responses.create(model="gpt-4o", conversation=talk.id, input="never mind")
    api.responses.create(model="gpt-4o", conversation=talk.id, input=outputs(asked, "a", "b"))
    assert api.responses.create(model="gpt-4o", conversation=talk.id, input="echo").output_text == "echo"


def test_one_response_at_a_time(api, conversations):
    talk = conversations.create()
    slow = api.responses.create(model="gpt-4o", conversation=talk.id, input="slow", background=True)
    with pytest.raises(openai.ConflictError, match="currently operating on this conversation") as error:
        api.responses.create(model="gpt-4o", conversation=talk.id, input="hi")
    assert error.value.code == "conversation_locked"
    api.responses.cancel(slow.id)
    for _ in range(2000):
        if api.responses.retrieve(slow.id).status == "cancelled":
            break
        threading.Event().wait(0.005)
    assert api.responses.create(model="gpt-4o", conversation=talk.id, input="echo").output_text == "echo"


def test_nothing_is_left_of_a_conversation_that_is_deleted(api, conversations, store):
    talk = conversations.create(items=[{"type": "message", "role": "user", "content": "earlier"}])
    asked = api.responses.create(model="gpt-4o", conversation=talk.id, input="quiz", tools=[QUIZ])
    conversations.delete(talk.id)
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(asked.id)
    assert store.fetch_rows("SELECT kind, id FROM documents") == []


def test_what_was_said_in_a_conversation_can_be_gone_on_from_beside_it(api, conversations):
    talk = conversations.create()
    first = api.responses.create(model="gpt-4o", conversation=talk.id, input="hi")
    aside = api.responses.create(model="gpt-4o", previous_response_id=first.id, input="echo aside")
    assert (aside.output_text, aside.conversation) == ("echo aside", None)
    assert texts(conversations.items.list(talk.id, order="asc")) == ["hi", "hello there"]
