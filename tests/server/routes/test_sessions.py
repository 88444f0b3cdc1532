"""Sessions as the official client drives them, its streaming helpers included, over a real port."""

import asyncio
import threading
from typing import Any

import httpx2
import openai
import pytest

from orchestrator.providers._in_process import InProcess
from orchestrator.server.app import create_app, running
from orchestrator.server.assembly import assemble

NONE: Any = {"type": "none"}
QUIZ: Any = {"type": "function", "name": "display_quiz", "description": "Ask", "parameters": {"type": "object"}}
RULES = (
    {"user": "quiz", "call": [{"name": "display_quiz", "arguments": {"n": n}} for n in (1, 2)]},
    {"after": "display_quiz", "reply": "you said {outputs[0]} and {outputs[1]}"},
    {"user": "slow", "reply": "at last", "delay_ms": 60_000},
    {"user": "limit", "error": "rate_limit_exceeded"},
    {"user": "echo", "reply": "{user}"},
    {"reply": "hello there"},
)


@pytest.fixture
def settings(settings, make_model):
    return type(settings)(settings.store, [make_model(RULES, "gpt-4o")])


@pytest.fixture
def agent(api):
    return api.beta.agents.create(model="gpt-4o", name="tutor", instructions="Be kind", tools=[QUIZ])


@pytest.fixture
def sessions(api):
    return api.beta.agents.sessions


def opened(sessions, saved, text="hi", **more):
    return sessions.create(environment=NONE, agent_id=saved.id, input=text, **more)


def settled(sessions, session, *statuses):
    for _ in range(2000):
        session = sessions.retrieve(session.id)
        if session.status in (statuses or ("idle",)):
            return session
        threading.Event().wait(0.005)
    raise AssertionError(session.status)


def result(action, output, **more):
    return {
        "type": "agent.session.input.tool_result",
        "turn_id": action.turn_id,
        "call_id": action.call_id,
        "success": True,
        "output": output,
        **more,
    }


def message(text):
    content = [{"type": "input_text", "text": text}]
    return {"type": "agent.session.input.message", "input": [{"role": "user", "content": content}]}


def texts(items):
    return [item.content[0].text for item in items if item.type == "message"]


def test_a_session_opens_with_its_first_input_and_becomes_idle(sessions, agent):
    session = opened(sessions, agent, metadata={"team": "a"})
    assert (session.status, session.agent.id, session.agent.name) == ("in_progress", agent.id, "tutor")
    session = settled(sessions, session)
    assert (session.environment.type, session.metadata, session.required_actions) == ("none", {"team": "a"}, [])
    assert session.usage.total_tokens == session.usage.input_tokens + session.usage.output_tokens > 0
    items = sessions.items.list(session.id, order="asc").data
    assert [(item.role, item.status) for item in items] == [("user", "completed"), ("assistant", "completed")]
    assert texts(items) == ["hi", "hello there"]
    assert items[1].phase == "final_answer"
    (turn,) = sessions.turns.list(session.id).data
    assert (turn.status, turn.agent_id, turn.error) == ("completed", agent.id, None)
    assert sessions.turns.retrieve(turn.id, session_id=session.id) == turn
    assert {item.turn_id for item in items} == {turn.id}


def test_input_is_needed_where_there_is_no_environment(sessions, agent):
    with pytest.raises(openai.BadRequestError, match="'input' is required"):
        sessions.create(environment=NONE, agent_id=agent.id)


def test_the_creation_stream_tells_the_turn_to_its_end(sessions, agent):
    stream = sessions.create(environment=NONE, agent_id=agent.id, input="hi", stream=True)
    names, ids = [], []
    for event in stream:
        names.append(event.type.removeprefix("agent.session."))
        ids.append(event.event_id)
        if event.type == "agent.session.idle":
            break
    stream.close()
    assert len(set(ids)) == len(ids)
    assert names == [
        "created",
        "turn.created",
        "in_progress",
        "turn.item.added",
        "turn.in_progress",
        "turn.item.added",
        "turn.content_part.added",
        *["turn.output_text.delta"] * 2,
        "turn.output_text.done",
        "turn.content_part.done",
        "turn.item.done",
        "turn.completed",
        "idle",
    ]


def test_the_clients_helper_closes_the_tool_loop(sessions, agent):
    said: list[Any] = []

    def quiz(arguments):
        said.append(arguments)
        return f"a{arguments['n']}"

    session = settled(sessions, opened(sessions, agent))
    with sessions.stream(session.id, input="quiz please", tool_handlers={"display_quiz": quiz}) as stream:
        done = stream.get_final_result()
    assert said == [{"n": 1}, {"n": 2}]
    assert done.output_text == "you said a1 and a2"
    assert done.turn.usage.total_tokens > 0


def test_the_creation_stream_closes_the_tool_loop_too(sessions, agent):
    handlers: Any = {"display_quiz": lambda arguments: f"b{arguments['n']}"}
    stream = sessions.create(environment=NONE, agent_id=agent.id, input="quiz", stream=True, tool_handlers=handlers)
    assert stream.get_final_result().output_text == "you said b1 and b2"


def test_results_come_one_a_call_and_the_turn_goes_on_with_the_last(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "quiz"), "requires_action")
    first, second = session.required_actions
    assert [(call.type, call.name, call.arguments) for call in (first, second)] == [
        ("function_call", "display_quiz", {"n": 1}),
        ("function_call", "display_quiz", {"n": 2}),
    ]
    (turn,) = sessions.turns.list(session.id).data
    assert turn.status == "waiting"
    sessions.events.create(session.id, events=[result(second, "two")])
    session = sessions.retrieve(session.id)
    assert (session.status, session.required_actions) == ("requires_action", [first])
    sessions.events.create(session.id, events=[result(first, [{"type": "input_text", "text": "one"}])])
    session = settled(sessions, session)
    items = sessions.items.list(session.id, order="asc").data
    assert [item.type for item in items] == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert texts(items)[-1] == "you said one and two"


def test_a_failed_function_is_told_to_the_model(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "quiz"), "requires_action")
    events = [result(call, None, success=False, error="closed") for call in session.required_actions]
    sessions.events.create(session.id, events=events)
    session = settled(sessions, session)
    items = sessions.items.list(session.id).data
    assert texts(items)[0] == "you said closed and closed"
    assert [(item.status, item.error) for item in items if item.type == "function_call_output"] == [
        ("failed", "closed")
    ] * 2


def test_a_call_that_nobody_waits_for_is_unknown(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "quiz"), "requires_action")
    first, second = session.required_actions
    stranger = first.model_copy(update={"call_id": "call_x"})
    elsewhere = first.model_copy(update={"turn_id": "turn_x"})
    sessions.events.create(session.id, events=[result(second, "2")])
    for call in (stranger, second, elsewhere):
        with pytest.raises(openai.BadRequestError) as caught:
            sessions.events.create(session.id, events=[result(call, "x")])
        body: Any = caught.value.body
        assert body["message"] == f"Unknown pending tool call: {call.call_id}"
        assert caught.value.code == "invalid_request_error"
    assert sessions.retrieve(session.id).required_actions == [first]


def test_input_is_taken_whole_or_not_at_all(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "quiz"), "requires_action")
    first, second = session.required_actions
    with pytest.raises(openai.BadRequestError):
        sessions.events.create(session.id, events=[result(first, "1"), result(first, "1")])
    assert sessions.retrieve(session.id).required_actions == [first, second]


def test_a_key_is_taken_once(sessions, agent):
    session = settled(sessions, opened(sessions, agent))
    for _ in range(2):
        sessions.events.create(session.id, events=[message("echo")], idempotency_key="k-1")
        settled(sessions, session)
    assert len(sessions.turns.list(session.id).data) == 2


def test_a_turn_that_fails_leaves_the_session_usable(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "limit"))
    (turn,) = sessions.turns.list(session.id).data
    assert (turn.status, turn.error.code) == ("failed", "rate_limit_exceeded")
    with sessions.stream(session.id, input="echo this") as stream:
        assert stream.get_final_result().output_text == "echo this"


def test_a_turn_is_cancelled_and_told(sessions, agent):
    session = opened(sessions, agent, "slow")
    with pytest.raises(openai.ConflictError) as caught:
        sessions.delete(session.id)
    assert caught.value.code == "conflict_error"
    stream = sessions.events.stream(session.id)
    sessions.events.create(session.id, events=[{"type": "agent.session.input.cancel"}])
    names = []
    for event in stream:
        names.append(event.type)
        if event.type == "agent.session.idle":
            break
    stream.close()
    assert names == ["agent.session.turn.cancelled", "agent.session.idle"]
    sessions.events.create(session.id, events=[{"type": "agent.session.input.cancel"}])
    (turn,) = sessions.turns.list(session.id).data
    assert (turn.status, turn.error) == ("cancelled", None)
    assert sessions.delete(session.id).object == "agent.session.deleted"
    for call in (sessions.retrieve, sessions.items.list, sessions.turns.list, sessions.events.stream):
        with pytest.raises(openai.NotFoundError):
            call(session.id)


def test_what_is_said_during_a_turn_steers_it(sessions, agent):
    session = settled(sessions, opened(sessions, agent, "quiz"), "requires_action")
    sessions.events.create(session.id, events=[message("never mind")])
    events = [result(call, "x") for call in session.required_actions]
    sessions.events.create(session.id, events=events)
    session = settled(sessions, session)
    assert len(sessions.turns.list(session.id).data) == 1
    assert "never mind" in texts(sessions.items.list(session.id, order="asc").data)


def test_a_deleted_session_ends_its_streams(sessions, agent):
    session = settled(sessions, opened(sessions, agent))
    stream = sessions.events.stream(session.id)
    sessions.delete(session.id)
    assert list(stream) == []


def test_streams_never_replay(sessions, agent):
    session = settled(sessions, opened(sessions, agent))
    stream = sessions.events.stream(session.id, include_obfuscation=False)
    sessions.events.create(session.id, events=[message("echo")])
    first = next(iter(stream))
    stream.close()
    assert first.type == "agent.session.turn.created"


def test_what_is_said_of_the_agent_is_for_one_session(sessions, agent, api):
    session = opened(sessions, agent, agent={"instructions": "Be brief", "tools": None})
    assert (session.agent.instructions, session.agent.tools, session.agent.model) == ("Be brief", [], "gpt-4o")
    assert api.beta.agents.retrieve(agent.id).instructions == "Be kind"
    api.beta.agents.update(agent.id, instructions="Be old", name="new")
    assert sessions.retrieve(session.id).agent.name == "tutor"
    api.beta.agents.delete(agent.id)
    assert settled(sessions, session).status == "idle"


def test_an_agent_of_one_session_is_no_saved_agent(sessions):
    session = sessions.create(environment=NONE, agent={"model": "gpt-4o"}, input="hi")
    with pytest.raises(openai.BadRequestError) as caught:
        sessions.create(environment=NONE, agent_id=session.agent.id, input="hi")
    assert caught.value.code == "agent_not_persisted"
    with pytest.raises(openai.NotFoundError):
        sessions.create(environment=NONE, agent_id="agent_x", input="hi")
    with pytest.raises(openai.BadRequestError, match=r"agent\.model"):
        sessions.create(environment=NONE, input="hi")


def test_a_session_is_changed_for_the_turns_to_come(sessions, agent):
    more = {"spend_control": {"limit": 500}}  # which the official client has had no words for since 3.57
    session = settled(sessions, opened(sessions, agent, metadata={"a": "1"}, extra_body=more))
    assert session.to_dict()["spend_control"] == {"limit": 500, "consumed": 0}
    changed: Any = {"model": "nobody", "reasoning": {"effort": "low"}, "tools": []}
    session = sessions.update(session.id, agent=changed, metadata={"b": "2"}, review="auto_review")
    assert (session.agent.model, session.agent.reasoning.effort, session.agent.tools) == ("nobody", "low", [])
    assert (session.metadata, session.review, session.agent.instructions) == ({"b": "2"}, "auto_review", "Be kind")
    sessions.events.create(session.id, events=[message("hi")])
    settled(sessions, session)
    turn = sessions.turns.list(session.id).data[0]
    assert "'nobody' does not exist" in turn.error.message


def test_sessions_are_listed_by_what_is_in_their_metadata(sessions, agent, api):
    other = api.beta.agents.create(model="gpt-4o")
    wanted = {"team": "a", "dotted.key": "x"}
    mine = [opened(sessions, agent, metadata=wanted).id for _ in range(3)]
    opened(sessions, agent, metadata={"team": "b"})
    theirs = opened(sessions, other, metadata={"team": "a"}).id
    assert [each.id for each in sessions.list(metadata=wanted, order="asc", limit=2)] == mine
    assert [each.id for each in sessions.list(agent_id=other.id)] == [theirs]
    assert len(sessions.list().data) == 5


def test_items_are_read_by_their_cursor(sessions, agent):
    session = settled(sessions, opened(sessions, agent))
    with sessions.stream(session.id, input="echo") as stream:
        stream.until_done()
    items = [item.id for item in sessions.items.list(session.id, order="asc", limit=3)]
    assert len(items) == 4
    assert [item.id for item in sessions.items.list(session.id, limit=1)] == items[::-1]
    with pytest.raises(openai.BadRequestError):
        sessions.items.list(session.id, after="nothing")


def test_other_environments_and_vaults_are_not_built(sessions, agent):
    with pytest.raises(openai.InternalServerError, match="self_hosted"):
        sessions.create(environment={"type": "self_hosted", "workspace_directory": "/w"}, agent_id=agent.id, input="hi")
    packages: Any = {"type": "openai_hosted", "packages": {"python": ["numpy"]}}
    with pytest.raises(openai.BadRequestError, match=r"environment\.packages"):
        sessions.create(environment=packages, agent_id=agent.id, input="hi")
    with pytest.raises(openai.NotFoundError):
        opened(sessions, agent, vault_ids=["vault_x"])


def test_what_sessions_without_an_environment_never_have_is_an_empty_list(sessions, agent):
    session = opened(sessions, agent)
    assert sessions.subagents.list(session.id).data == []
    assert sessions.artifacts.list(session.id).data == []
    assert sessions.traces.list(session.id).data == []


def test_threads_do_not_show_sessions(sessions, agent, api):
    session = opened(sessions, agent)
    with pytest.raises(openai.NotFoundError), pytest.warns(DeprecationWarning, match="deprecated"):
        api.beta.threads.retrieve(session.id)


BETA = {"OpenAI-Beta": "agents=v1"}


def test_a_session_that_waits_outlives_the_server(store, make_model, app_client, settings):
    """Results are taken, and the turn is streamed, by the server that comes after."""

    async def check():
        async with app_client(settings) as client:
            created = await client.post("/agents", json={"model": "gpt-4o", "tools": [QUIZ]}, headers=BETA)
            body = {"environment": NONE, "agent_id": created.json()["id"], "input": "quiz"}
            path = f"/agents/sessions/{(await client.post('/agents/sessions', json=body, headers=BETA)).json()['id']}"
            while (session := (await client.get(path, headers=BETA)).json())["status"] != "requires_action":
                await asyncio.sleep(0)
        later = create_app(settings)
        transport = InProcess(later)
        async with running(later), httpx2.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
            async with client.stream("GET", f"{path}/events", headers=BETA) as stream:
                for call in session["required_actions"]:
                    events = [{**result_of(call), "output": "again"}]
                    taken = await client.post(f"{path}/events", json={"events": events}, headers=BETA)
                    assert taken.status_code == 202
                names = []
                async for line in stream.aiter_lines():
                    if line.startswith("event: "):
                        names.append(line.removeprefix("event: agent.session."))
                    if line == "event: agent.session.idle":
                        break
            assert [name for name in names if not name.startswith("turn.output_text")] == [
                "turn.item.added",
                "requires_action",
                "turn.item.added",
                "in_progress",
                "turn.item.added",
                "turn.content_part.added",
                "turn.content_part.done",
                "turn.item.done",
                "turn.completed",
                "idle",
            ]

    asyncio.run(check())


def result_of(call):
    kind = "agent.session.input.tool_result"
    return {"type": kind, "turn_id": call["turn_id"], "call_id": call["call_id"], "success": True}


def test_code_runs_in_a_hosted_environment_and_is_an_item(store, make_model, live_server, sandbox):
    rules = [{"user": "code", "code": "print(6 * 7)"}, {"after": "code_interpreter", "reply": "it says {outputs[0]}"}]
    url = live_server(assemble(store, [make_model(rules, "gpt-4o")]))
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, _strict_response_validation=True) as client:
        saved = client.beta.agents.create(model="gpt-4o")
        hosted: Any = {"type": "openai_hosted", "network": {"access": "disabled"}}
        with client.beta.agents.sessions.create(
            environment=hosted, agent_id=saved.id, input="code", stream=True
        ) as stream:
            for event in stream:
                if event.type == "agent.session.idle":
                    session: Any = event.session
                    break
        assert (session.environment.type, session.environment.network.access) == ("openai_hosted", "disabled")
        items: Any = client.beta.agents.sessions.items.list(session.id, order="asc").data
        assert [item.type for item in items] == ["message", "command_execution", "message"]
        assert (items[1].command, items[1].output.strip(), items[1].status) == ("print(6 * 7)", "42", "completed")


def test_a_hosted_session_may_wait_for_its_first_input(sessions, agent):
    hosted: Any = {"type": "openai_hosted"}
    session = sessions.create(environment=hosted, agent_id=agent.id)
    assert session.status == "idle"
    with pytest.raises(openai.BadRequestError, match="'input' is required"):
        sessions.create(environment=hosted, agent_id=agent.id, stream=True)


@pytest.mark.parametrize("begin", ["slow", "quiz"])
@pytest.mark.parametrize("together", [True, False])
def test_what_is_said_after_a_cancel_begins_a_turn(sessions, agent, begin, together):
    session = opened(sessions, agent, begin)
    settled(sessions, session, "in_progress" if begin == "slow" else "requires_action")
    events = [{"type": "agent.session.input.cancel"}, message("echo me")]
    for some in [events] if together else [[each] for each in events]:
        sessions.events.create(session.id, events=some)
    settled(sessions, session)
    assert [turn.status for turn in sessions.turns.list(session.id)] == ["completed", "cancelled"]
    items = [item for item in sessions.items.list(session.id, order="asc") if item.type == "message"]
    assert [item.content[0].text for item in items] == [begin, "echo me", "echo me"]


def test_items_and_turns_are_listed_from_either_side(sessions, agent):
    session = opened(sessions, agent, "echo a")
    for text in ("echo b", "echo c"):
        settled(sessions, session)
        sessions.events.create(session.id, events=[message(text)])
    settled(sessions, session)
    for resource in (sessions.items, sessions.turns):
        ids = [each.id for each in resource.list(session.id, order="asc")]
        page = resource.list(session.id, order="asc", limit=1, extra_query={"before": ids[2]})
        assert ([each.id for each in page.data], page.has_more) == ([ids[1]], True)
