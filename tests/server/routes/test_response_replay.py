"""Responses streamed again by their id, as the official client asks for it, strict, over a real port."""

import threading
from typing import Any

import openai
import pytest

from tests.server.routes.test_responses import QUIZ, RULES, say

SOON = ({"user": "soon", "reply": "at last it is here", "delay_ms": 700}, *RULES)


@pytest.fixture
def settings(settings, make_model):
    return type(settings)(settings.store, [make_model(SOON, "gpt-4o")])


@pytest.fixture
def responses(api):
    return api.responses


def listed(stream) -> list[Any]:
    with stream:
        return [event.to_dict() for event in stream]


@pytest.mark.parametrize("text", ["hi", "quiz", "limit", "long"])
def test_what_was_streamed_is_streamed_again_from_any_event(responses, text):
    told = listed(say(responses, text, tools=[QUIZ], max_output_tokens=16, stream=True))
    id = told[0]["response"]["id"]
    assert listed(responses.retrieve(id, stream=True)) == told
    assert listed(responses.retrieve(id, stream=True, starting_after=3)) == told[4:]
    assert listed(responses.retrieve(id, stream=True, starting_after=len(told))) == []


def test_a_response_in_the_background_is_followed_to_its_end(responses):
    begun = say(responses, "soon", background=True)
    with responses.retrieve(begun.id, stream=True) as stream:
        first = next(iter(stream))
        assert (first.type, first.response.output) == ("response.created", [])
        told = [first.to_dict(), *[event.to_dict() for event in stream]]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert told[-1]["response"]["output"][0]["content"][0]["text"] == "at last it is here"
    assert listed(responses.retrieve(begun.id, stream=True)) == told


def test_several_follow_one_response_and_each_hears_it_once(responses):
    begun = say(responses, "soon", background=True)
    told: list[list[Any]] = []
    streams = [responses.retrieve(begun.id, stream=True, starting_after=1) for _ in range(3)]
    threads = [threading.Thread(target=lambda s=stream: told.append(listed(s))) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told[0] == told[1] == told[2]
    assert told[0][0]["sequence_number"] == 2


def test_a_response_that_is_deleted_breaks_its_streams_off(responses):
    begun = say(responses, "slow", background=True)
    stream = responses.retrieve(begun.id, stream=True)
    next(iter(stream))
    responses.delete(begun.id)
    assert listed(stream)[-1]["type"] == "error"


@pytest.mark.parametrize("query", [{"stream": "banana"}, {"stream": True, "starting_after": "x"}, {"include": ["x"]}])
def test_what_cannot_be_asked_for_is_refused(responses, query):
    response = say(responses)
    with pytest.raises(openai.BadRequestError):
        responses.retrieve(response.id, extra_query=query)
