"""Closing a session: nothing is left, it is quick, and the requests are those that the docs count."""

import asyncio
import time

import httpx2
import pytest

from orchestrator.errors import TargetBusyError, TargetUnknownError
from orchestrator.providers.agents_conversation import CANCEL_SECONDS, MARK
from orchestrator.scenario.closing import close
from orchestrator.scenario.runner import RunOptions
from tests.providers.agents_line import BEGUN, CUT, Stream, call, is_cancel, on, opening, refused, reply, session, turn
from tests.providers.building import run
from tests.providers.pace import FakePace

CANCEL, DELETE = "POST /sess_1/events", "DELETE /sess_1"
APPROVAL = session("requires_action", required_actions=[{"type": "mcp_approval_request"}])
LIMIT = RunOptions().close_seconds


async def closed(conversation):
    began = time.monotonic()
    ended = await close(conversation, LIMIT)
    return ended, time.monotonic() - began


@pytest.mark.parametrize("waiting", [APPROVAL, session("requires_action", required_actions=[call("c1")])])
def test_a_turn_that_waits_is_cancelled_and_gone_at_once(waiting):
    stream = Stream(*BEGUN, waiting)

    def then(method, path, body):
        if is_cancel(method, body):
            stream.feed(turn("cancelled"), session("idle"))

    async def check():
        conversation, line = on(opening(stream, then))
        await conversation.send("hi")
        ended, took = await closed(conversation)
        assert (ended, line.asked[1:]) == ((2, None), [CANCEL, DELETE])
        assert took < 2

    run(check())


def test_idle_after_a_cancel_is_enough():
    stream = Stream(*BEGUN, APPROVAL)

    def then(method, path, body):
        if is_cancel(method, body):
            stream.feed(session("idle"))

    async def check():
        conversation, _ = on(opening(stream, then))
        await conversation.send("hi")
        ended, took = await closed(conversation)
        assert (ended, took < 2) == ((2, None), True)

    run(check())


def test_a_cancel_that_is_never_told_of_ends_within_the_bound_of_a_close():
    async def check():
        conversation, line = on(opening(Stream(*BEGUN, APPROVAL)))
        await conversation.send("hi")
        ended, took = await closed(conversation)
        assert (ended, line.asked[1:]) == ((2, None), [CANCEL, DELETE])
        assert took < CANCEL_SECONDS + 2 < LIMIT

    run(check())


def test_where_the_stream_is_cut_the_session_is_asked_until_it_rests():
    states = iter(["in_progress", "requires_action", "idle"])

    def then(method, path, body):
        return reply({"id": "sess_1", "status": next(states)}) if method == "GET" else None

    async def check():
        conversation, line = on(opening(Stream(*BEGUN, CUT), then), pace=FakePace())
        with pytest.raises(TargetUnknownError):
            await conversation.send("hi")
        ended, _ = await closed(conversation)
        assert ended == (5, None)
        assert line.asked[1:] == [CANCEL, *["GET /sess_1"] * 3, DELETE]

    run(check())


def test_a_cancel_that_is_refused_does_not_keep_the_session():
    def then(method, path, body):
        return refused("there is nothing to cancel") if is_cancel(method, body) else None

    async def check():
        conversation, line = on(opening(Stream(*BEGUN, APPROVAL), then))
        await conversation.send("hi")
        assert await conversation.close() == 2
        assert line.asked[-1] == DELETE

    run(check())


def lost(line_answers):
    """The creation's reply is lost; then the list answers as told."""

    def answers(method, path, body):
        if (method, path) == ("POST", ""):
            raise httpx2.ReadError("lost")
        return line_answers(method, path, body)

    return answers


def test_a_session_whose_creation_got_no_reply_is_found_by_its_pair_and_deleted():
    listed = []

    def then(method, path, body):
        if path.startswith("?"):
            listed.append(path)
            mine = {"id": "sess_7", "metadata": line.seen[0][2]["metadata"]}
            other = {"id": "sess_8", "metadata": {MARK: "another"}}
            return reply({"data": [other, mine] if len(listed) > 1 else [other], "has_more": False})
        return reply({"id": "sess_7", "status": "idle"}) if method == "GET" else None

    pace = FakePace()
    conversation, line = on(lost(then), pace=pace)

    async def check():
        with pytest.raises(TargetUnknownError):
            await conversation.send("hi")
        ended, _ = await closed(conversation)
        assert ended.problem is None
        assert line.asked[-1] == "DELETE /sess_7"
        assert "DELETE /sess_8" not in line.asked
        assert MARK in listed[0]
        assert line.seen[0][2]["metadata"][MARK] in listed[0]

    run(check())
    assert 1.0 in pace.waits


def test_a_creation_that_never_arrived_is_not_looked_for_for_ever():
    conversation, line = on(lost(lambda *_: reply({"data": [], "has_more": False})), pace=FakePace())

    async def check():
        with pytest.raises(TargetUnknownError):
            await conversation.send("hi")
        assert await conversation.close() == 3
        assert not any(asked.startswith("DELETE") for asked in line.asked)

    run(check())


def test_a_creation_that_was_refused_left_nothing_to_look_for():
    conversation, line = on(lambda *_: refused("later", 503))

    async def check():
        with pytest.raises(TargetBusyError):
            await conversation.send("hi")
        asked = len(line.asked)
        assert (await conversation.close(), len(line.asked)) == (0, asked)

    run(check())


def test_who_is_stopped_before_the_first_event_leaves_nothing():
    def then(method, path, body):
        if path.startswith("?"):
            return reply({"data": [{"id": "sess_1", "metadata": line.seen[0][2]["metadata"]}], "has_more": False})
        return reply({"id": "sess_1", "status": "idle"}) if method == "GET" else None

    stream = Stream()
    conversation, line = on(opening(stream, then))

    async def check():
        sending = asyncio.create_task(conversation.send("hi"))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        stream.feed(CUT)
        ended, _ = await closed(conversation)
        assert ended.problem is None
        assert line.asked[-1] == DELETE

    run(check())
