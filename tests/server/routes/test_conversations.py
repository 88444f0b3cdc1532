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


def test_a_conversation_that_is_deleted_leaves_its_responses_and_they_leave_nothing(api, conversations, store):
    talk = conversations.create(items=[{"type": "message", "role": "user", "content": "earlier"}])
    first = api.responses.create(model="gpt-4o", conversation=talk.id, input="hi")
    asked = api.responses.create(model="gpt-4o", conversation=talk.id, input="quiz", tools=[QUIZ])
    unkept = api.responses.create(model="gpt-4o", conversation=talk.id, input=outputs(asked, "a", "b"), store=False)
    conversations.delete(talk.id)
    assert [api.responses.retrieve(each.id).output for each in (first, asked)] == [first.output, asked.output]
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(unkept.id)
    again = api.responses.create(model="gpt-4o", previous_response_id=asked.id, input=outputs(asked, "c", "d"))
    assert again.output_text == "you said c and d"
    for each in (first, asked, again):
        api.responses.delete(each.id)
    assert store.fetch_rows("SELECT kind, id FROM documents") == []


def test_a_conversation_outlives_its_responses(api, conversations):
    talk = conversations.create()
    first = api.responses.create(model="gpt-4o", conversation=talk.id, input="echo one")
    api.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(first.id)
    assert texts(conversations.items.list(talk.id, order="asc")) == ["echo one", "echo one"]
    asked = api.responses.create(model="gpt-4o", conversation=talk.id, input="quiz", tools=[QUIZ])
    api.responses.delete(asked.id)  # nobody will give its outputs any more
    assert api.responses.create(model="gpt-4o", conversation=talk.id, input="echo two").output_text == "echo two"
    assert len(conversations.items.list(talk.id).data) == 7
    conversations.delete(talk.id)


def test_no_item_takes_the_id_of_another(api, conversations):
    talk = conversations.create()
    mine: Any = {"type": "message", "id": "msg_mine", "role": "user", "content": "echo"}
    refused = pytest.raises(openai.BadRequestError, match="Duplicate item found with id msg_mine")
    with refused:
        conversations.items.create(talk.id, items=[mine, mine])
    assert conversations.items.list(talk.id).data == []
    conversations.items.create(talk.id, items=[mine])
    for ask in (
        lambda: conversations.items.create(talk.id, items=[mine]),
        lambda: api.responses.create(model="gpt-4o", conversation=talk.id, input=[mine]),
        lambda: api.responses.create(model="gpt-4o", input=[mine, mine]),
        lambda: conversations.create(items=[mine, mine]),
    ):
        with refused:
            ask()
    conversations.items.delete("msg_mine", conversation_id=talk.id)
    with refused:
        conversations.items.create(talk.id, items=[mine])


def test_items_are_listed_from_either_side(conversations):
    given: Any = [{"type": "message", "role": "user", "content": text} for text in "abcde"]
    talk = conversations.create(items=given)
    ids = [item.id for item in conversations.items.list(talk.id, order="asc")]
    page = conversations.items.list(talk.id, order="asc", limit=2, extra_query={"before": ids[4]})
    assert (texts(page.data), page.has_more) == (["c", "d"], True)
    page = conversations.items.list(talk.id, order="asc", after=ids[1], extra_query={"before": ids[4]})
    assert (texts(page.data), page.has_more) == (["c", "d"], False)
    with pytest.raises(openai.BadRequestError, match="before"):
        conversations.items.list(talk.id, extra_query={"before": "msg_x"})


def test_what_was_said_in_a_conversation_can_be_gone_on_from_beside_it(api, conversations):
    talk = conversations.create()
    first = api.responses.create(model="gpt-4o", conversation=talk.id, input="hi")
    aside = api.responses.create(model="gpt-4o", previous_response_id=first.id, input="echo aside")
    assert (aside.output_text, aside.conversation) == ("echo aside", None)
    assert texts(conversations.items.list(talk.id, order="asc")) == ["hi", "hello there"]
