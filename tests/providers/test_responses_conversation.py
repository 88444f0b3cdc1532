"""Against replies as the API documents them; whole conversations run over the embedded server in `test_contract`."""

import asyncio
import json

import httpx2
import pytest

from orchestrator.errors import TargetRejectedError, TargetUnknownError
from orchestrator.model.conversation import (
    Answer,
    Call,
    Citation,
    CodeRun,
    Failure,
    MadeFile,
    Message,
    Passage,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.providers._client import Client
from orchestrator.providers.responses_conversation import ResponsesConversation

REQUEST = {"model": "m", "instructions": "Be kind.", "tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}
HELLO = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]}
CALL = {"type": "function_call", "call_id": "call_1", "name": "quiz", "arguments": '{"n": 1}'}
OTHER_CALL = {**CALL, "call_id": "call_2", "arguments": "{n: 2"}
FOUND = {"file_id": "file_1", "filename": "a.md", "score": 0.5, "text": "whales"}
SEARCH = {"type": "file_search_call", "queries": ["whales"], "results": [FOUND]}
CODE = {
    "type": "code_interpreter_call",
    "code": "print(1)",
    "outputs": [{"type": "logs", "logs": "1\n"}, {"type": "image", "url": "u"}],
}


def ended(*output, status="completed", **more):
    response = {"id": "resp_1", "status": status, "output": list(output), **more}
    return [(f"response.{status}", {"response": response})]


class Wire(httpx2.AsyncBaseTransport):
    """An API that gives one list of events after the other."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.seen = []

    async def handle_async_request(self, request):
        body = json.loads(await request.aread() or b"null")
        self.seen.append((request.method, request.url.path, body))
        if request.url.path == "/conversations":
            return httpx2.Response(200, json={"id": "conv_1", "object": "conversation"})
        if request.method == "DELETE":
            return httpx2.Response(200, json={"deleted": True})
        frames = [
            f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in self.replies.pop(0)
        ]
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text="".join(frames))


def talk(wire, body, **more):
    async def whole():
        client = Client("http://localhost", None, transport=wire)
        try:
            return await body(ResponsesConversation(client, lambda: REQUEST, **more))
        finally:
            await client.close()

    return asyncio.run(whole())


def reply_to(*replies, **more):
    return talk(Wire(*replies), lambda conversation: conversation.send("hi"), **more)


def test_a_message_is_one_request_beside_making_and_deleting_the_conversation():
    wire = Wire(ended(HELLO), ended(HELLO))

    async def body(conversation):
        await conversation.send("one")
        await conversation.send("two")
        await conversation.close()
        await conversation.close()

    talk(wire, body)
    assert [(method, path) for method, path, _ in wire.seen] == [
        ("POST", "/conversations"),
        ("POST", "/responses"),
        ("POST", "/responses"),
        ("DELETE", "/conversations/conv_1"),
    ]
    asked = {**REQUEST, "conversation": "conv_1", "stream": True, "include": ["file_search_call.results"]}
    assert wire.seen[1][2] == {**asked, "input": [{"role": "user", "content": "one"}]}
    assert wire.seen[2][2] == {**asked, "input": [{"role": "user", "content": "two"}]}


def test_nothing_is_sent_where_nothing_is_said():
    wire = Wire()
    talk(wire, lambda conversation: conversation.close())
    assert wire.seen == []


def test_another_model_travels_with_every_request():
    wire = Wire(ended(HELLO))
    talk(wire, lambda conversation: conversation.send("hi"), model="other")
    assert wire.seen[1][2]["model"] == "other"


def test_calls_are_answered_together_and_broken_arguments_are_kept():
    wire = Wire(ended(CALL, OTHER_CALL), ended(HELLO))

    async def body(conversation):
        asked = await conversation.send("hi")
        for wrong in ([], [Answer("call_1", "a")], [Answer("call_1", "a"), Answer("call_1", "b")]):
            with pytest.raises(TargetRejectedError, match="call_1, call_2"):
                await conversation.answer(wrong)
        with pytest.raises(TargetRejectedError, match="not done"):
            await conversation.send("never mind")
        done = await conversation.answer([Answer("call_1", "a"), Answer("call_2", "b")])
        with pytest.raises(TargetRejectedError, match="no call"):
            await conversation.answer([Answer("call_1", "a")])
        return asked, done

    asked, done = talk(wire, body)
    assert asked.status is ReplyStatus.NEEDS_ANSWERS
    assert asked.calls == (Call("call_1", "quiz", {"n": 1}), Call("call_2", "quiz", {}, "{n: 2"))
    assert done.status is ReplyStatus.COMPLETED
    assert wire.seen[2][2]["input"] == [
        {"type": "function_call_output", "call_id": "call_1", "output": "a"},
        {"type": "function_call_output", "call_id": "call_2", "output": "b"},
    ]


def test_what_was_done_is_told_in_its_order():
    cited = {
        "type": "message",
        "role": "assistant",
        "content": [
            {
                "type": "output_text",
                "text": "see there",
                "annotations": [
                    {"type": "file_citation", "file_id": "file_1", "filename": "a.md", "index": 9},
                    {"type": "container_file_citation", "file_id": "cfile_1", "filename": "plot.png"},
                    {"type": "url_citation", "url": "https://x.example", "title": "x"},
                ],
            },
            {"type": "refusal", "refusal": "no more"},
        ],
    }
    usage = {"input_tokens": 7, "output_tokens": 3}
    thinking = {"type": "reasoning", "summary": []}
    reply = reply_to(ended(thinking, CODE, SEARCH, {"type": "telepathy"}, cited, usage=usage))
    assert reply.status is ReplyStatus.COMPLETED
    assert reply.steps == ("code_interpreter", "file_search", "message")
    assert reply.evidence.searches == (Search((Passage("file_1", "a.md", 0.5, "whales"),)),)
    assert reply.evidence.code_runs == (CodeRun("print(1)", "1\n", 1),)
    files = (MadeFile("cfile_1", "plot.png"),)
    assert reply.messages == (Message("see there\nno more", (Citation("file_1", "a.md", ""),), files),)
    assert reply.usage == Usage(7, 3)


@pytest.mark.parametrize(
    ("reply", "status", "failure"),
    [
        (
            ended(HELLO, status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            ReplyStatus.INCOMPLETE,
            Failure("incomplete", "max_output_tokens"),
        ),
        (
            ended(status="failed", error={"code": "server_error", "message": "sorry"}),
            ReplyStatus.FAILED,
            Failure("server_error", "sorry"),
        ),
        (ended(status="cancelled"), ReplyStatus.CANCELLED, None),
        (
            ended(CALL, {"type": "mcp_approval_request", "server_label": "docs", "name": "delete"}),
            ReplyStatus.FAILED,
            Failure(
                "requires_action", "the model waits for mcp_approval_request (docs delete), which orch cannot give"
            ),
        ),
        (
            ended(OTHER_CALL, status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            ReplyStatus.INCOMPLETE,
            Failure("incomplete", "max_output_tokens"),
        ),
    ],
)
def test_how_else_a_reply_ends(reply, status, failure):
    told = reply_to(reply)
    assert (told.status, told.failure, told.calls) == (status, failure, ())


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({"type": "custom_tool_call", "name": "sql", "input": "select 1"}, "custom_tool_call (sql)"),
        ({"type": "computer_call", "actions": []}, "computer_call"),
        ({"type": "shell_call", "action": {"commands": ["ls"]}}, "shell_call"),
        ({"type": "local_shell_call", "action": {}}, "local_shell_call"),
        ({"type": "apply_patch_call", "operation": {}}, "apply_patch_call"),
        ({"type": "telepathy_call"}, "telepathy_call"),
    ],
)
def test_a_tool_whose_output_nobody_here_gives_fails_the_turn_by_name(item, named):
    told = reply_to(ended(HELLO, CALL, {**item, "call_id": "call_9", "status": "completed"}))
    assert (told.status, told.calls) == (ReplyStatus.FAILED, ())
    assert told.failure == Failure("requires_action", f"the model waits for {named}, which orch cannot give")


def test_a_tool_that_the_api_runs_itself_has_its_output_beside_it():
    ran = [{"type": kind, "call_id": "c1"} for kind in ("shell_call", "shell_call_output")]
    searched = {"type": "tool_search_call", "call_id": None, "execution": "server"}
    assert reply_to(ended(*ran, searched, HELLO)).status is ReplyStatus.COMPLETED


def test_parts_that_nobody_knows_add_nothing_to_a_message():
    parts: list[object] = [{"type": "output_text", "text": "one"}, {"type": "hologram"}, "oops", None]
    parts.append({"type": "output_text", "text": "two", "annotations": ["oops"]})
    strange = {**SEARCH, "results": ["oops", FOUND]}
    reply = reply_to(ended(strange, {**CODE, "outputs": [None]}, {**HELLO, "content": parts}))
    assert [message.text for message in reply.messages] == ["one\ntwo"]
    assert reply.evidence.searches == (Search((Passage("file_1", "a.md", 0.5, "whales"),)),)


def test_a_stream_that_ends_early_is_no_reply():
    with pytest.raises(TargetUnknownError, match="ended its stream"):
        reply_to([("response.created", {"response": {}})])


def test_an_error_in_the_stream_is_raised():
    with pytest.raises(TargetUnknownError, match="sorry"):
        reply_to([("error", {"message": "sorry", "code": "server_error"}), *ended(HELLO)])


def test_who_listens_hears_what_the_reply_holds():
    class Ear:
        def __init__(self):
            self.heard = []

        def wrote(self, text):
            self.heard.append(text)

        def searched(self, search):
            self.heard.append(search)

        def ran(self, code):
            self.heard.append(code)

    pieces = [("response.output_text.delta", {"delta": piece}) for piece in ("hel", "lo")]
    items = [("response.output_item.done", {"item": item}) for item in (SEARCH, CODE, HELLO, CALL)]
    ear = Ear()
    reply = reply_to([*items[:2], *pieces, *items[2:], *ended(SEARCH, CODE, HELLO)], hearer=ear)
    assert ear.heard == [*reply.evidence.searches, *reply.evidence.code_runs, "hel", "lo"]
