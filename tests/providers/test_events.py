"""Events out of bytes: however they are cut and ended, whoever names them; nothing unwanted is decoded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.providers._events import Event, everything, read_events


def events(*chunks: bytes, wanted: Callable[[str], bool] = everything) -> list[Event]:
    async def given_bytes() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def read() -> list[Event]:
        return [event async for event in read_events(given_bytes(), wanted)]

    return asyncio.run(read())


VALUE = st.dictionaries(st.text(), st.text() | st.integers(), max_size=3)
NAME = st.from_regex(r"[a-z]+(\.[a-z_]+)*", fullmatch=True)


@given(st.lists(st.tuples(NAME, VALUE), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_wherever_the_bytes_are_cut_the_events_are_the_same(sent, end, data):
    text = "".join(f"event: {name}{end}data: {json.dumps(value)}{end}{end}" for name, value in sent)
    whole = (text + f"event: done{end}data: [DONE]{end}{end}").encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert events(*pieces) == [Event(name, value) for name, value in sent]


def test_the_standards_corners():
    assert events(b': a comment\n\nevent:a\ndata:{"x":\ndata: 1}\n\n') == [Event("a", {"x": 1})]
    assert events(b'id: 7\nretry: 10\nevent: a\ndata: {}\n\ndata: {"type": "b", "n": 1}\n\n') == [
        Event("a", {}),
        Event("b", {"type": "b", "n": 1}),
    ]
    assert events(b"event: nothing\n\n") == []
    assert events(b'event: a\ndata: {"cut": ') == [], "what is not ended is no event"
    assert events() == []


def test_what_nobody_wants_is_not_decoded():
    sent = b"event: x.delta\ndata: broken\n\n" + b'event: x.done\ndata: {"a": 1}\n\n'
    assert events(sent, wanted=lambda name: name == "x.done") == [Event("x.done", {"a": 1})]
    assert events(b'data: {"type": "x"}\n\n', wanted=lambda name: name == "y") == []


@pytest.mark.parametrize("data", ["broken", "[1]", "1"])
def test_an_event_that_is_wanted_and_broken_is_an_error(data):
    with pytest.raises(ValueError, match="an event a that is not a JSON object"):
        events(f"event: a\ndata: {data}\n\n".encode())


@pytest.mark.parametrize(
    "sent", ["data:", "event: a\ndata:", "data: broken", "data: [1]", 'data: {"no": "name"}', "data: "]
)
def test_what_has_no_data_or_no_name_is_no_event(sent):
    assert events(f"{sent}\n\nevent: b\ndata: {{}}\n\n".encode()) == [Event("b", {})]
