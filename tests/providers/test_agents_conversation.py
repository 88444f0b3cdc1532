from itertools import count

import httpx2
import pytest

from orchestrator.errors import TargetRejectedError, TargetUnknownError
from orchestrator.model.conversation import MESSAGE, Answer, Failure, ReplyStatus, Usage
from orchestrator.model.fields import Ref
from orchestrator.providers._client import Client
from orchestrator.providers.agents import BETAS, AgentsProvider
from orchestrator.providers.agents_conversation import MARK, AgentsConversation
from tests.providers.building import JOURNAL, PAPERS, TUTOR, agents_in_process, desired, documents, refusal, run
from tests.providers.pace import FakePace

QUIZ = {"tools.quiz": "function", "tools.quiz.parameters": {"type": "object", "properties": {}}}
TURN = "agent.session.turn."


def texts(reply):
    return [message.text for message in reply.messages]


async def talk_to(provider, fields=None):
    agent = await provider.create(desired(TUTOR, {"model": "m", **(fields or {})}), JOURNAL)
    provider.requests.counts.clear()
    return provider.open(agent)


def test_each_turn_is_one_request_and_the_session_goes_at_the_end(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider)
            first = await conversation.send("hi")
            second = await conversation.send("hi again")
            assert (first.status, texts(first), texts(second)) == (ReplyStatus.COMPLETED, ["hello"], ["hello"])
            assert (first.usage.input_tokens, first.usage.output_tokens) == (1, 1)
            assert first.steps == (MESSAGE,)
            await conversation.close()
            await conversation.close()
            assert provider.requests.counts == {
                "POST /agents/sessions": 1,
                "POST /agents/sessions/{id}/events": 1,
                "DELETE /agents/sessions/{id}": 1,
            }
            assert (await provider._client.get("/agents/sessions"))["data"] == []

    run(check())


def test_each_result_is_one_request(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider, QUIZ)
            asked = await conversation.send("quiz")
            assert [call.arguments for call in asked.calls] == [{"n": 1}, {"n": 2}]
            assert (asked.usage, asked.steps) == (Usage(), ("quiz", "quiz"))
            done = await conversation.answer([Answer(call.id, f"a{call.arguments['n']}") for call in asked.calls])
            assert (done.status, texts(done)) == (ReplyStatus.COMPLETED, ["you said a1 and a2"])
            assert done.usage.input_tokens > 1
            await conversation.close()
            assert provider.requests.counts == {
                "POST /agents/sessions": 1,
                "POST /agents/sessions/{id}/events": 2,
                "DELETE /agents/sessions/{id}": 1,
            }

    run(check())


def test_a_turn_that_is_not_done_is_cancelled_before_its_session_goes(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, witness):
            conversation = await talk_to(provider, QUIZ)
            assert (await conversation.send("quiz")).calls
            witness.seen.clear()
            await conversation.close()
            assert [name.split(" ")[0] for name in witness.seen] == ["POST", "DELETE"]
            assert (await provider._client.get("/agents/sessions"))["data"] == []

    run(check())


def test_a_turn_that_fails_says_why_and_the_conversation_goes_on(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider)
            failed = await conversation.send("fail")
            assert failed.status is ReplyStatus.FAILED
            assert failed.failure.code == "rate_limit_exceeded"
            assert texts(await conversation.send("hi")) == ["hello"]
            await conversation.close()

    run(check())


def test_a_call_that_is_not_registered_yet_is_answered_again_with_the_same_key(tmp_path):
    pace = FakePace()

    async def check():
        async with agents_in_process(tmp_path, pace=pace) as (provider, witness):
            conversation = await talk_to(provider, QUIZ)
            asked = await conversation.send("quiz")
            first = asked.calls[0].id

            def instead(name, count):
                return (
                    refusal(f"Unknown pending tool call: {first}") if name.endswith("/events") and count < 4 else None
                )

            witness.instead = instead
            done = await conversation.answer([Answer(call.id, "x") for call in asked.calls])
            assert done.status is ReplyStatus.COMPLETED
            keys = [key for key in witness.keys if key]
            assert [keys.count(key) for key in dict.fromkeys(keys)] == [4, 1]
            await conversation.close()

    run(check())
    assert pace.waits == [0.1, 0.3, 0.6]


def test_a_call_that_stays_unknown_is_an_error(tmp_path):
    async def check():
        async with agents_in_process(tmp_path, pace=FakePace()) as (provider, witness):
            conversation = await talk_to(provider, QUIZ)
            asked = await conversation.send("quiz")
            message = f"Unknown pending tool call: {asked.calls[0].id}"
            witness.instead = lambda name, count: refusal(message) if name.endswith("/events") else None
            with pytest.raises(TargetRejectedError, match="Unknown pending tool call"):
                await conversation.answer([Answer(call.id, "x") for call in asked.calls])
            assert len(witness.named("POST")) == 2 + 4  # the agent and its session; then four times the result

    run(check())


NUMBERS = count(1)


def event(name, **fields):
    return (name, {"type": name, "event_id": f"evt_{next(NUMBERS)}", "session_id": "sess_1", **fields})


def session(status, **fields):
    return event(f"agent.session.{status}", session={"id": "sess_1", "required_actions": [], **fields})


def turn(status, id="turn_1", subagent=None, **fields):
    told = {"id": id, "status": status, "subagent_id": subagent, **fields}
    return event(f"{TURN}{status}", turn_id=id, turn=told)


def said(text, number=0, id="msg_1", **fields):
    content = [{"type": "output_text", "text": text}]
    item = {"id": id, "type": "message", "role": "assistant", "status": "completed", "turn_id": "turn_1"}
    return event(f"{TURN}item.done", item={**item, "content": content, **fields}, output_index=number)


def hear(tiny, frames, *events):
    """Send one message to a server that answers with these events."""

    async def talk():
        client = Client(tiny.url, None, betas=BETAS)
        try:
            return await AgentsConversation(client, "agent_1").send("hi")
        finally:
            await client.close()

    tiny.will(frames(events))
    return run(talk())


BEGUN = (session("created"), turn("created"), session("in_progress"))


def test_the_first_message_opens_the_session_and_its_stream(tiny, frames):
    hear(tiny, frames, *BEGUN, said("hello"), turn("completed"), session("idle"))
    (asked,) = tiny.asked
    assert (asked.method, asked.path, asked.headers["openai-beta"]) == ("POST", "/v1/agents/sessions", "agents=v1")
    mark = asked.json["metadata"][MARK]
    assert len(mark) == 32
    assert asked.json == {
        "agent_id": "agent_1",
        "environment": {"type": "none"},
        "input": "hi",
        "metadata": {MARK: mark},
        "stream": True,
        "stream_options": {"include_obfuscation": False},
    }


def test_the_answer_is_what_was_finished_and_is_no_commentary_in_order(tiny, frames):
    reply = hear(
        tiny,
        frames,
        session("idle"),
        *BEGUN,
        said("let me see", 0, "msg_0", phase="commentary"),
        said("second", 3, "msg_3"),
        said("half", 2, "msg_2", status="incomplete"),
        said("first", 1, "msg_1", phase="final_answer"),
        said("of another turn", 0, "msg_9", turn_id="turn_9"),
        turn("completed", usage={"input_tokens": 7, "output_tokens": 5}),
        session("idle"),
    )
    assert (reply.status, texts(reply), reply.usage) == (ReplyStatus.COMPLETED, ["first", "second"], Usage(7, 5))


def test_an_event_that_comes_twice_counts_once_and_an_unknown_one_not_at_all(tiny, frames):
    calls = [{"type": "function_call", "call_id": "c1", "name": "f", "arguments": {}, "turn_id": "turn_1"}]
    waiting = session("requires_action", required_actions=calls)
    unknown = event("agent.session.something.new", data=1)
    once = said("a")
    reply = hear(tiny, frames, *BEGUN, unknown, once, said("b", 1, "msg_2"), once, waiting, waiting)
    assert (texts(reply), [call.id for call in reply.calls]) == (["a", "b"], ["c1"])


def test_a_turn_of_a_subagent_is_not_the_turn(tiny, frames):
    mine = (turn("created"), said("mine"), turn("completed"), session("idle"))
    theirs = (turn("created", "turn_s", "sub_1"), turn("completed", "turn_s", "sub_1"), session("idle"))
    reply = hear(tiny, frames, session("created"), *theirs, *mine)
    assert texts(reply) == ["mine"]


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (
            {"type": "mcp_approval_request", "request": {"server_label": "docs", "name": "search"}},
            "mcp_approval_request (docs search)",
        ),
        (
            {"type": "computer_use_approval_request", "request": {"origin": "https://x"}},
            "computer_use_approval_request (https://x)",
        ),
        ({"type": "environment_connection", "environment_id": "env_1"}, "environment_connection (env_1)"),
        ({"type": "something_new"}, "something_new"),
    ],
)
def test_what_nobody_here_can_give_fails_the_turn_by_name(tiny, frames, action, named):
    reply = hear(tiny, frames, *BEGUN, session("requires_action", required_actions=[action]))
    assert reply.status is ReplyStatus.FAILED
    assert reply.failure == Failure("requires_action", f"the agent waits for {named}, which orch cannot give")


@pytest.mark.parametrize(
    ("events", "status", "failure"),
    [
        (
            [turn("failed", error={"code": "server_overloaded", "message": "busy"}), session("idle")],
            ReplyStatus.FAILED,
            Failure("server_overloaded", "busy"),
        ),
        (
            [turn("failed", error={"code": "max_output_tokens", "message": "long"}), session("idle")],
            ReplyStatus.INCOMPLETE,
            Failure("max_output_tokens", "long"),
        ),
        ([turn("cancelled"), session("idle")], ReplyStatus.CANCELLED, Failure("cancelled", "the turn was cancelled")),
        ([session("failed", error="no sandbox")], ReplyStatus.FAILED, Failure("failed", "no sandbox")),
        (
            [event("error", error={"message": "boom", "type": "x"}), session("failed")],
            ReplyStatus.FAILED,
            Failure("failed", "boom"),
        ),
        (
            [turn("failed"), session("budget_reached")],
            ReplyStatus.FAILED,
            Failure("session_budget_exceeded", "the session's spending limit is reached"),
        ),
    ],
)
def test_why_a_turn_did_not_complete_is_told(tiny, frames, events, status, failure):
    reply = hear(tiny, frames, *BEGUN, *events)
    assert (reply.status, reply.failure) == (status, failure)


def test_idle_alone_is_no_success(tiny, frames):
    with pytest.raises(TargetUnknownError, match="ended its stream before the turn was done"):
        hear(tiny, frames, *BEGUN, said("a"), session("idle"))


def test_a_stream_that_broke_between_turns_is_opened_before_the_next_message(tiny, answer, frames):
    """Only the first turn's events come with the creation; the server then ends the stream."""
    first = frames([*BEGUN, said("one"), turn("completed"), session("idle")])
    later = [turn("created", "turn_2"), said("two", id="m2", turn_id="turn_2"), turn("completed", "turn_2")]

    async def talk():
        client = Client(tiny.url, None, betas=BETAS)
        conversation = AgentsConversation(client, "agent_1")
        try:
            assert texts(await conversation.send("hi")) == ["one"]
            assert conversation._listening is not None
            await conversation._listening._task  # the stream has ended
            return await conversation.send("more")
        finally:
            await client.close()

    tiny.will(first, frames([*later, session("idle")]), answer("", 202))
    assert texts(run(talk())) == ["two"]
    assert [(asked.method, asked.path.removeprefix("/v1/agents/sessions")) for asked in tiny.asked] == [
        ("POST", ""),
        ("GET", "/sess_1/events"),
        ("POST", "/sess_1/events"),
    ]
    assert ("include_obfuscation", "false") in tiny.asked[1].query
    assert tiny.asked[2].headers["idempotency-key"]


def test_a_closed_conversation_sends_nothing():
    def reply(request):
        raise AssertionError(request.url)

    async def check():
        provider = AgentsProvider(Client("http://x/v1", None, transport=httpx2.MockTransport(reply)))
        await provider.open("agent_1").close()
        await provider.close()

    run(check())


BRIDGED = {
    "model": "m",
    "tools.file_search": "file_search",
    "tools.file_search.vector_stores": [Ref(PAPERS)],
    "tools.file_search.max_num_results": 1,
    "tools.code_interpreter": "code_interpreter",
    "agents.bridges": ["file_search", "code_interpreter"],
}


def test_a_search_over_a_bridge_is_answered_here_and_told_as_a_search(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, witness):
            files = documents(tmp_path, {"sea/고래.md": "All whales breathe air.", "b.txt": "Cats purr."})
            store = await provider.create(files, JOURNAL)
            agent = await provider.create(desired(TUTOR, BRIDGED, {PAPERS: store}), JOURNAL)
            witness.seen.clear()
            conversation = provider.open(agent)
            reply = await conversation.send("search")
            assert (reply.calls, reply.steps, reply.requests) == ((), ("file_search", "message"), 3)
            ((passage,),) = (search.passages for search in reply.evidence.searches)
            assert (passage.file, passage.text.strip()) == ("고래.md", "All whales breathe air.")
            (message,) = reply.messages
            assert [(citation.file, citation.file_id) for citation in message.citations] == [
                ("고래.md", passage.file_id)
            ]
            assert (await conversation.send("hi")).evidence.searches == ()
            await conversation.close()
            asked = [name.replace(store, "STORE").rpartition("/")[2] for name in witness.seen[:-1]]
            assert asked == ["sessions", "search", "events", "events"]

    run(check())


def test_what_a_bridge_leads_to_is_asked_for_once_where_it_was_not_read(tmp_path):
    async def check():
        async with agents_in_process(tmp_path) as (provider, witness):
            agent = await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL)
            other = AgentsProvider(provider._client)
            witness.seen.clear()
            for _ in range(2):
                conversation = other.open(agent)
                await conversation.send("hi")
                await conversation.close()
            assert witness.named("GET") == [f"/agents/{agent}"]

    run(check())


def test_code_in_a_hosted_environment_is_told_as_code(tmp_path, sandbox):
    async def check():
        async with agents_in_process(tmp_path) as (provider, _):
            fields = {
                "model": "m",
                "tools.code_interpreter": "code_interpreter",
                "agents.bridges": ["code_interpreter"],
            }
            conversation = provider.open(await provider.create(desired(TUTOR, fields), JOURNAL))
            reply = await conversation.send("code")
            assert [(code.code, code.logs.strip()) for code in reply.evidence.code_runs] == [("print(6 * 7)", "42")]
            assert reply.steps == ("code_interpreter", "message")
            await conversation.close()

    run(check())


def test_what_the_session_says_it_cost_is_told_once(tiny, frames):
    costs = session("idle", spend_control={"limit": None, "consumed": 12})
    reply = hear(tiny, frames, *BEGUN, said("hello"), turn("completed"), costs)
    assert reply.spent_usd == 0.12
    assert hear(tiny, frames, *BEGUN, said("hello"), turn("completed"), session("idle")).spent_usd is None


@pytest.mark.parametrize(
    ("tool", "named"),
    [
        ({"type": "computer_use", "include_screenshots": False}, "computer_use"),
        (
            {
                "type": "mcp",
                "server_label": "files",
                "transport": {"type": "stdio", "command": "x", "cwd": "/workspace"},
            },
            "the MCP server files",
        ),
    ],
)
def test_a_tool_that_needs_an_environment_fails_by_name_before_anything_is_sent(tmp_path, tool, named):
    async def check():
        async with agents_in_process(tmp_path) as (provider, witness):
            path = f"tools.agents:{tool['type']}" + (":files" if tool["type"] == "mcp" else "")
            conversation = await talk_to(provider, {path: tool})
            again = AgentsProvider(provider._client).open(conversation._agent_id)
            for each in (conversation, again):
                witness.seen.clear()
                with pytest.raises(TargetRejectedError, match=f"the agent has {named}, which needs an environment"):
                    await each.send("hi")
                assert await each.close() == 0
                assert witness.named("POST") == []

    run(check())


def test_with_a_hosted_environment_such_a_tool_is_no_matter(tmp_path, sandbox):
    async def check():
        async with agents_in_process(tmp_path) as (provider, _):
            fields = {
                "tools.agents:computer_use": {"type": "computer_use", "include_screenshots": False},
                "tools.code_interpreter": "code_interpreter",
                "agents.bridges": ["code_interpreter"],
            }
            conversation = await talk_to(provider, fields)
            assert (await conversation.send("hi")).status is ReplyStatus.COMPLETED
            await conversation.close()

    run(check())
