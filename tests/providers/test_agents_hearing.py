"""What a session tells in a shape nobody expects, too late, or not at all."""

import pytest

from orchestrator.errors import TargetRejectedError, TargetUnknownError
from orchestrator.model.conversation import Answer, CodeRun, Failure, ReplyStatus
from tests.providers.agents_line import (
    BEGUN,
    CUT,
    DONE,
    TURN,
    Stream,
    call,
    is_cancel,
    message,
    on,
    opening,
    refused,
    reply,
    says,
    session,
    streamed,
    tells,
    turn,
)
from tests.providers.building import run
from tests.providers.pace import FakePace

WAITS = session("requires_action", required_actions=[call("c1"), call("c2")])


class Ears:
    def __init__(self):
        self.heard = []

    def wrote(self, text):
        self.heard.append(text)

    def searched(self, search):
        self.heard.append(search)

    def ran(self, code):
        self.heard.append(code)


def send(*frames, **more):
    async def check():
        stream = Stream(*frames)

        def then(method, path, body):
            if is_cancel(method, body):
                stream.feed(session("idle"))

        conversation, _ = on(opening(stream, then), **more)
        try:
            return await conversation.send("hi")
        finally:
            await conversation.close()

    return run(check())


STRANGE = [
    tells("agent.session.new", session="sess_9"),
    tells("agent.session.new", session=["x"]),
    tells("agent.session.in_progress", session="sess_9"),
    tells("agent.session.in_progress", session={"id": "sess_1", "spend_control": "none"}),
    tells("agent.session.subagent.created", session_id="sess_9"),
    tells(f"{TURN}item.done", item="x", turn_id="turn_1"),
    tells(f"{TURN}item.done", item={**message("?", "msg_0"), "content": None}, output_index="first", turn_id="turn_1"),
    tells(f"{TURN}created", turn="x", turn_id=7),
    tells(f"{TURN}completed", turn=["x"], turn_id=["turn_1"]),
    tells(f"{TURN}output_text.delta", delta={"x": 1}, turn_id="turn_9"),
    tells("agent.session.new", item="x", turn_id="turn_1"),
    b"event: ping\ndata:\n\n",
    b"event: ping\ndata: keepalive\n\n",
    b"data: {}\n\n",
    b": stay\n\n",
]


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("hearer", [None, Ears()])
def test_what_has_no_shape_that_is_known_is_passed_over(strange, hearer):
    told = send(*BEGUN, strange, *DONE, hearer=hearer)
    assert told.status is ReplyStatus.COMPLETED
    assert "".join(each.text for each in told.messages) == "hello"


def test_parts_of_a_message_that_are_no_objects_are_left_out():
    item = {**message(""), "content": ["x", None, {"type": "output_text", "text": "yes"}, {"type": "hologram"}]}
    made = tells(f"{TURN}item.done", turn_id="turn_1", output_index=0, item=item)
    (said,) = send(*BEGUN, made, turn("completed"), session("idle")).messages
    assert said.text == "yes"


@pytest.mark.parametrize(
    ("events", "failure"),
    [
        ([turn("failed", error="boom"), session("idle")], Failure("failed", "boom")),
        ([tells("error", error="boom"), turn("failed"), session("idle")], Failure("failed", "boom")),
        ([tells("error", message="boom"), session("failed")], Failure("failed", "boom")),
        ([session("failed", error={"code": "x"})], Failure("failed", "{'code': 'x'}")),
    ],
)
def test_reasons_are_told_in_whatever_shape_they_come(events, failure):
    assert send(*BEGUN, *events).failure == failure


@pytest.mark.parametrize(
    ("actions", "named"),
    [
        ([{"type": "mcp_approval_request", "request": "x"}], "mcp_approval_request"),
        (["telepathy"], "telepathy"),
        ([call("c1"), {"type": "environment_connection", "environment_id": "env_1"}], "environment_connection (env_1)"),
    ],
)
def test_what_an_agent_waits_for_is_named_in_whatever_shape_it_comes(actions, named):
    told = send(*BEGUN, session("requires_action", required_actions=actions))
    assert told.failure == Failure("requires_action", f"the agent waits for {named}, which orch cannot give")


def test_what_is_heard_of_the_turn_is_told_while_it_happens():
    ears = Ears()
    ran = {"id": "i", "type": "command_execution", "command": "ls", "output": "a", "turn_id": "turn_1"}
    told = tells(f"{TURN}item.done", item=ran, turn_id="turn_1", output_index=0)
    send(*BEGUN, tells(f"{TURN}output_text.delta", delta="hel", turn_id="turn_1"), told, *DONE, hearer=ears)
    assert ears.heard == ["hel", CodeRun("ls", "a")]


def test_a_turn_that_ends_with_a_call_unanswered_did_not_complete():
    """As one of an `async` function may."""
    idle = session("idle", required_actions=[call("c1")])
    told = send(*BEGUN, says("I am on it"), turn("completed"), idle)
    assert told.status is ReplyStatus.FAILED
    assert told.failure is not None
    assert "still waits for a result of look_up" in told.failure.message
    assert [each.text for each in told.messages] == ["I am on it"]


def test_a_turn_that_ended_while_results_were_sent_says_why_it_ended():
    stream = Stream(*BEGUN, WAITS)

    def then(method, path, body):
        if body and body["events"][0].get("call_id") == "c2":
            stream.feed(turn("failed", error={"code": "session_budget_exceeded", "message": "budget is gone"}))
            stream.feed(session("idle"))
            return refused("Unknown pending tool call: c2")
        return None

    async def check():
        conversation, _ = on(opening(stream, then))
        asked = await conversation.send("hi")
        told = await conversation.answer([Answer(each.id, "x") for each in asked.calls])
        assert told.failure == Failure("session_budget_exceeded", "budget is gone")
        await conversation.close()

    run(check())


def test_a_result_that_is_refused_while_the_turn_goes_on_is_the_error():
    def then(method, path, body):
        return refused("output is too long") if body and body["events"][0].get("call_id") == "c2" else None

    async def check():
        conversation, _ = on(opening(Stream(*BEGUN, WAITS), then), pace=FakePace())
        asked = await conversation.send("hi")
        with pytest.raises(TargetRejectedError, match="too long"):
            await conversation.answer([Answer(each.id, "x") for each in asked.calls])

    run(check())


def test_a_function_that_failed_is_told_as_failed():
    stream = Stream(*BEGUN, WAITS)

    async def check():
        conversation, line = on(opening(stream))
        await conversation.send("hi")
        stream.feed(*DONE)
        await conversation.answer([Answer("c1", '{"error": "down"}', "down"), Answer("c2", "x")])
        sent = [body["events"][0] for _, path, body in line.seen if path.endswith("/events")]
        told = {"type": "agent.session.input.tool_result", "turn_id": "turn_1"}
        assert sent == [
            {**told, "call_id": "c1", "success": False, "error": "down"},
            {**told, "call_id": "c2", "success": True, "output": "x"},
        ]

    run(check())


SECOND = [says("two", "msg_2", "turn_2"), turn("completed", "turn_2"), session("idle")]


def lists(status, state, *outputs):
    """The session as its lists tell it."""
    turns = [
        {"id": id, "status": each, "subagent_id": None} for id, each in (("turn_2", status), ("turn_1", "completed"))
    ]
    answers = {
        "/sess_1/turns": reply({"data": turns if status else turns[1:], "has_more": False}),
        "/sess_1/items": reply({"data": [message("one"), *outputs], "has_more": False}),
        "/sess_1": reply({"id": "sess_1", "status": state, "required_actions": []}),
    }
    return lambda path: answers.get(path)


@pytest.mark.parametrize(
    ("listed", "later"),
    [
        (lists("completed", "idle", message("two", "msg_2", "turn_2")), ()),
        (lists("in_progress", "in_progress"), SECOND),
        (lists("in_progress", "in_progress", message("two", "msg_2", "turn_2")), SECOND),
        (lists(None, "idle"), (turn("created", "turn_2"), *SECOND)),
    ],
    ids=["over", "begun", "half told", "not begun"],
)
def test_a_stream_that_ends_as_the_next_message_is_sent_loses_no_reply(listed, later):
    first, second = Stream(*BEGUN, says("one"), turn("completed"), session("idle")), Stream()

    def then(method, path, body):
        if method == "POST":
            first.feed(CUT)
        elif path == "/sess_1/events":
            return streamed(second)
        elif method == "GET":
            second.feed(*(later if path == "/sess_1" else ()))
            return listed(path)
        return None

    async def check():
        conversation, line = on(opening(first, then))
        await conversation.send("hi")
        told = await conversation.send("more")
        assert (told.status, [each.text for each in told.messages]) == (ReplyStatus.COMPLETED, ["two"])
        assert told.requests == len(line.asked) - 1
        assert line.asked[1:3] == ["POST /sess_1/events", "GET /sess_1/events"]
        assert sum(asked == "POST /sess_1/events" for asked in line.asked) == 1
        await conversation.close()

    run(check())


def test_a_stream_that_ends_again_is_an_error():
    def then(method, path, body):
        if path == "/sess_1/events" and method == "GET":
            return streamed(Stream(CUT))
        return reply({"data": [], "has_more": False}) if method == "GET" else None

    async def check():
        conversation, _ = on(opening(Stream(session("created"), CUT), then))
        with pytest.raises(TargetUnknownError, match="ended its stream"):
            await conversation.send("hi")

    run(check())
