import threading
from typing import Any

import openai
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PLAIN_RUN = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
]


def raw(api, method, path, body=None):
    response = api._client.request(method, f"{api.base_url}{path}", json=body)
    return response.status_code, response.json()


def squeezed(names):
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


@pytest.fixture
def assistant(api, quiz_tool):
    return api.beta.assistants.create(model="gpt-4o", instructions="Be kind", tools=[quiz_tool])


@pytest.fixture
def ask(api):
    def start(text):
        return api.beta.threads.create(messages=[{"role": "user", "content": text}])

    return start


def quiz(api, assistant, ask):
    thread = ask("quiz please")
    run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "requires_action"
    return thread, run, run.required_action.submit_tool_outputs.tool_calls


def outputs(calls, *texts):
    return [{"tool_call_id": call.id, "output": text} for call, text in zip(calls, texts, strict=False)]


def test_a_run_completes_with_a_message_a_step_and_usage(api, conforms, assistant, ask):
    thread = ask("hello tutor")
    status, queued = raw(api, "POST", f"threads/{thread.id}/runs", {"assistant_id": assistant.id})
    assert status == 200
    conforms(queued, "RunObject")
    assert queued["status"] == "queued"
    assert queued["expires_at"] == queued["created_at"] + 600
    assert (queued["usage"], queued["model"], queued["instructions"]) == (None, "gpt-4o", "Be kind")
    assert queued["truncation_strategy"] == {"type": "auto", "last_messages": None}
    assert (queued["tool_choice"], queued["parallel_tool_calls"], queued["response_format"]) == ("auto", True, "auto")
    run = api.beta.threads.runs.poll(queued["id"], thread_id=thread.id)
    assert run.status == "completed"
    assert run.expires_at is None
    assert run.usage.to_dict() == {"prompt_tokens": 4, "completion_tokens": 4, "total_tokens": 8}
    conforms(raw(api, "GET", f"threads/{thread.id}/runs/{run.id}")[1], "RunObject")
    reply = api.beta.threads.messages.list(thread.id).data[0]
    assert (reply.role, reply.run_id, reply.assistant_id) == ("assistant", run.id, assistant.id)
    assert reply.content[0].text.value == "hello there, friend"
    steps = api.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert [step.step_details.message_creation.message_id for step in steps] == [reply.id]


def test_overrides_are_for_this_run_only(api, assistant, ask):
    thread = ask("quiz")
    run = api.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        model="gpt-4o",
        instructions="Other",
        additional_instructions="And more",
        additional_messages=[{"role": "user", "content": "hello again"}],
        tools=[{"type": "code_interpreter"}],
        temperature=0.1,
        top_p=0.2,
        max_prompt_tokens=1000,
        max_completion_tokens=500,
        truncation_strategy={"type": "last_messages", "last_messages": 1},
        tool_choice="none",
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        metadata={"a": "b"},
    )
    assert run.status == "completed"
    assert run.instructions == "Other\n\nAnd more"
    assert [tool.type for tool in run.tools] == ["code_interpreter"]
    assert (run.temperature, run.top_p, run.max_prompt_tokens, run.max_completion_tokens) == (0.1, 0.2, 1000, 500)
    assert (run.tool_choice, run.parallel_tool_calls, run.metadata) == ("none", False, {"a": "b"})
    assert run.truncation_strategy.last_messages == 1
    assert run.usage.prompt_tokens == 5
    assert [m.content[0].text.value for m in api.beta.threads.messages.list(thread.id, order="asc")] == [
        "quiz",
        "hello again",
        "hello there, friend",
    ]
    assert api.beta.assistants.retrieve(assistant.id) == assistant


def test_function_calls_are_answered_together(api, conforms, assistant, ask):
    thread, run, calls = quiz(api, assistant, ask)
    conforms(raw(api, "GET", f"threads/{thread.id}/runs/{run.id}")[1], "RunObject")
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("display_quiz", '{"n": 1}'),
        ("display_quiz", '{"n": 2}'),
    ]
    done = api.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread.id, tool_outputs=outputs(calls[::-1], "second", "first")
    )
    assert done.status == "completed"
    assert api.beta.threads.messages.list(thread.id).data[0].content[0].text.value == "you said first and second"
    steps = api.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc").data
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]
    assert [call.function.output for call in steps[0].step_details.tool_calls] == ["first", "second"]
    assert done.usage.total_tokens == sum(step.usage.total_tokens for step in steps)


def test_some_outputs_are_refused_with_the_words_of_openai(api, assistant, ask):
    thread, run, calls = quiz(api, assistant, ask)
    with pytest.raises(openai.BadRequestError) as caught:
        api.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs(calls, "only one"))
    assert caught.value.body == {
        "message": f"Expected tool outputs for call_ids ['{calls[0].id}', '{calls[1].id}'], got ['{calls[0].id}']",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    for wrong in ([], [calls[0], calls[0]], [calls[0], calls[1], calls[0]]):
        with pytest.raises(openai.BadRequestError, match="Expected tool outputs for call_ids"):
            api.beta.threads.runs.submit_tool_outputs(
                run.id, thread_id=thread.id, tool_outputs=outputs(wrong, "a", "b", "c")
            )
    assert api.beta.threads.runs.retrieve(run.id, thread_id=thread.id).status == "requires_action"


def test_outputs_in_the_wrong_state(api, assistant, ask):
    thread = ask("hello")
    run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    with pytest.raises(openai.BadRequestError, match=r'Runs in status "completed" do not accept tool outputs\.'):
        api.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=[])


def test_two_runs_on_one_thread_at_once(api, assistant, ask):
    thread = ask("slow")
    run = api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    with pytest.raises(openai.BadRequestError) as caught:
        api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    assert caught.value.message.endswith(f"Thread {thread.id} already has an active run {run.id}.")


def test_of_many_runs_created_at_once_one_wins(api, assistant, ask):
    thread, results = ask("slow"), []

    def create():
        try:
            results.append(api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id).status)
        except openai.BadRequestError as error:
            results.append(error.status_code)

    workers = [threading.Thread(target=create) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(map(str, results)) == ["400"] * 7 + ["queued"]


def test_a_run_is_cancelled_at_work_and_while_it_waits(api, conforms, assistant, ask):
    thread = ask("slow")
    working = api.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    _, waiting, _ = quiz(api, assistant, ask)
    for run in (working, waiting):
        status, reply = raw(api, "POST", f"threads/{run.thread_id}/runs/{run.id}/cancel")
        assert status == 200
        conforms(reply, "RunObject")
        assert reply["status"] == "cancelling"
        ended = api.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
        assert ended.status == "cancelled"
        assert ended.cancelled_at is not None
        for step in api.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id):
            assert step.status == "cancelled"
        with pytest.raises(openai.BadRequestError, match=r"Cannot cancel run with status 'cancelled'\."):
            api.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    api.beta.threads.messages.create(thread.id, role="user", content="free again")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("limit", "rate_limit_exceeded", "rate limit exceeded"),
        ("unheard of", "server_error", "The ScriptedModel 'gpt-4o' has no rule for the message 'unheard of'"),
        ("code please", "server_error", "runs code, which the run's tools do not offer (they offer: function)"),
        ("search please", "server_error", "searches files, which the run's tools do not offer"),
    ],
)
def test_a_run_fails_and_says_why(api, conforms, assistant, ask, text, code, message):
    thread = ask(text)
    run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    conforms(raw(api, "GET", f"threads/{thread.id}/runs/{run.id}")[1], "RunObject")
    assert (run.status, run.last_error.code) == ("failed", code)
    assert message in run.last_error.message
    assert run.failed_at is not None


def test_a_model_nobody_answers_for(api, ask):
    assistant = api.beta.assistants.create(model="gpt-9")
    run = api.beta.threads.runs.create_and_poll(thread_id=ask("hello").id, assistant_id=assistant.id)
    assert run.last_error.message.startswith("The model 'gpt-9' does not exist on this server (it has: gpt-4o)")


def test_functions_the_run_does_not_have_or_may_not_call_together(api, ask, quiz_tool):
    plain = api.beta.assistants.create(model="gpt-4o")
    run = api.beta.threads.runs.create_and_poll(thread_id=ask("quiz").id, assistant_id=plain.id)
    assert "calls the function 'display_quiz', which the run's tools do not offer" in run.last_error.message
    run = api.beta.threads.runs.create_and_poll(
        thread_id=ask("quiz").id, assistant_id=plain.id, tools=[quiz_tool], parallel_tool_calls=False
    )
    assert "calls 2 functions at once; parallel_tool_calls is false" in run.last_error.message


def test_token_limits_make_a_run_incomplete(conforms, settings, live_server, make_model):
    words = " ".join(["word"] * 400)
    settings.models.append(make_model([{"user": "long", "reply": words}, {"reply": "short"}], "wordy"))
    with openai.OpenAI(base_url=live_server(settings), api_key="x", _strict_response_validation=True) as client:
        assistant = client.beta.assistants.create(model="wordy")

        def run(*texts, **limits):
            thread: Any = {"messages": [{"role": "user", "content": text} for text in texts]}
            ended = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread, **limits)
            newest = raw(client, "GET", f"threads/{ended.thread_id}/messages")[1]["data"][0]
            return raw(client, "GET", f"threads/{ended.thread_id}/runs/{ended.id}")[1], newest

        ended, message = run("long", max_completion_tokens=256)
        conforms(ended, "RunObject")
        conforms(message, "MessageObject")
        assert (ended["status"], ended["incomplete_details"]) == ("incomplete", {"reason": "max_completion_tokens"})
        assert ended["usage"]["completion_tokens"] == 256
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "max_tokens"})
        assert message["content"][0]["text"]["value"].strip() == " ".join(["word"] * 256)
        ended, message = run(words, max_prompt_tokens=256)
        assert (ended["status"], ended["incomplete_details"]) == ("incomplete", {"reason": "max_prompt_tokens"})
        assert message["role"] == "user"
        ended, message = run(words, "hi", max_prompt_tokens=256)
        assert (ended["status"], ended["usage"]["prompt_tokens"]) == ("completed", 1)


def test_streams_have_the_order_of_the_api(api, assistant, ask):
    with api.beta.threads.runs.stream(thread_id=ask("hello").id, assistant_id=assistant.id) as stream:
        events = list(stream)
        assert squeezed([event.event for event in events]) == PLAIN_RUN
        assert stream.get_final_messages()[0].content[0].text.value == "hello there, friend"
    deltas = [event for event in events if event.event == "thread.message.delta"]
    assert "".join(event.data.delta.content[0].text.value for event in deltas) == "hello there, friend"
    assert len(deltas) == 3


def test_a_stream_of_calls_goes_on_after_the_outputs(api, assistant, ask):
    thread = ask("quiz")
    with api.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        names = [event.event for event in stream]
        calls = stream.get_final_run_steps()[0].step_details.tool_calls
        run = stream.current_run
    assert squeezed(names) == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.run.step.delta",
        "thread.run.requires_action",
    ]
    assert [call.function.arguments for call in calls] == ['{"n": 1}', '{"n": 2}']
    with api.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread.id, tool_outputs=outputs(calls, "a", "b")
    ) as stream:
        names = [event.event for event in stream]
    assert squeezed(names) == ["thread.run.step.completed", "thread.run.queued", *PLAIN_RUN[2:]]


def test_create_and_run_streams_the_thread_first(api, assistant):
    with api.beta.threads.create_and_run_stream(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hello"}]}
    ) as stream:
        assert squeezed([event.event for event in stream]) == ["thread.created", *PLAIN_RUN]


def test_the_stream_of_a_failing_run_ends_with_its_failure_and_done(api, assistant, ask):
    url = f"{api.base_url}threads/{ask('limit').id}/runs"
    response = api._client.post(url, json={"assistant_id": assistant.id, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    names = [line.removeprefix("event: ") for line in response.text.splitlines() if line.startswith("event: ")]
    assert names == [*PLAIN_RUN[:3], "thread.run.failed", "done"]
    assert response.text.endswith("event: done\ndata: [DONE]\n\n")


def test_every_event_conforms(api, conforms, assistant, ask):
    schemas = {
        "thread.message.delta": "MessageDeltaObject",
        "thread.message": "MessageObject",
        "thread.run.step.delta": "RunStepDeltaObject",
        "thread.run.step": "RunStepObject",
        "thread.run": "RunObject",
    }
    seen = set()
    for text in ("hello", "quiz", "limit"):
        with api.beta.threads.runs.stream(thread_id=ask(text).id, assistant_id=assistant.id) as stream:
            for event in stream:
                seen.add(event.data.object)
                conforms(event.data.to_dict(exclude_unset=True), schemas[event.data.object])
    assert seen == set(schemas)


def test_lists_updates_and_what_is_not_there(api, conforms, assistant, ask):
    thread = ask("hello")
    runs = [api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id).id for _ in range(2)]
    conforms(raw(api, "GET", f"threads/{thread.id}/runs")[1], "ListRunsResponse")
    assert [run.id for run in api.beta.threads.runs.list(thread.id, order="asc")] == runs
    assert api.beta.threads.runs.update(runs[0], thread_id=thread.id, metadata={"a": "b"}).metadata == {"a": "b"}
    for method, path, body in (
        ("GET", f"threads/{thread.id}/runs/run_x", None),
        ("POST", f"threads/{thread.id}/runs/run_x", {}),
        ("POST", f"threads/{thread.id}/runs/run_x/cancel", {}),
        ("POST", f"threads/{thread.id}/runs/run_x/submit_tool_outputs", {"tool_outputs": []}),
        ("GET", f"threads/{thread.id}/runs/run_x/steps", None),
    ):
        status, reply = raw(api, method, path, body)
        assert (status, reply["error"]["message"]) == (404, "No run found with id 'run_x'.")
    status, reply = raw(api, "POST", f"threads/{thread.id}/runs", {"assistant_id": "asst_x"})
    assert (status, reply["error"]["message"]) == (404, "No assistant found with id 'asst_x'.")
    status, reply = raw(api, "POST", "threads/thread_x/runs", {"assistant_id": assistant.id})
    assert (status, reply["error"]["message"]) == (404, "No thread found with id 'thread_x'.")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "assistant_id"),
        ({"assistant_id": "a", "max_prompt_tokens": 255}, "max_prompt_tokens"),
        ({"assistant_id": "a", "tools": [{"type": "code_interpreter"}] * 21}, "tools"),
        ({"assistant_id": "a", "truncation_strategy": {"type": "auto", "last_messages": 0}}, None),
        ({"assistant_id": "a", "tool_choice": "maybe"}, "tool_choice"),
        ({"assistant_id": "a", "additional_messages": [{"role": "user"}]}, "additional_messages[0].content"),
    ],
)
def test_wrong_runs_are_refused(api, ask, body, param):
    status, reply = raw(api, "POST", f"threads/{ask('hello').id}/runs", body)
    assert (status, reply["error"]["param"]) == (400, param or "truncation_strategy.last_messages")


def test_a_client_that_polls_is_told_when_to_ask_again(api, assistant, ask):
    thread = ask("slow")
    response = api._client.post(f"{api.base_url}threads/{thread.id}/runs", json={"assistant_id": assistant.id})
    assert response.headers["openai-poll-after-ms"] == "20"
