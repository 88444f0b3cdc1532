"""`--upstream` of `orch serve` and `upstream:` of a local target: a model behind the server, over a real endpoint."""

import json
import signal
from pathlib import Path

import openai
import pytest
from openai.types.beta import FunctionToolParam

from tests.cli.test_serve import connect, served
from tests.providers.building import app_on_port
from tests.providers.completions import MODELS, Chat, calls, error, says

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK marks the whole Assistants API

KEY = "sk-upstream-right"
SPECS = """
kind: Project
name: shop
default_target: assistants
targets:
  assistants: {provider: local, upstream: &model {base_url: 'URL/v1', api_key: {env: MODEL_KEY}}}
  responses: {provider: local, speaks: responses, db: .orch/responses.db, upstream: *model}
  agents:
    provider: local
    speaks: agents
    db: .orch/agents.db
    upstream: *model
    overrides: {assistant.support: {temperature: null}}
---
kind: Assistant
name: support
model: llama3.2
instructions: Answer questions about orders.
temperature: 0.2
tools: [{function: look_up}, {file_search: {vector_stores: [policies]}}]
agents: {bridges: [file_search]}
---
kind: Function
name: look_up
description: Finds an order
parameters: {type: object, properties: {id: {type: string}}, required: [id]}
---
{kind: VectorStore, name: policies, files: [{path: policy.md}]}
---
kind: Assistant
name: greeter
model: scripted
---
kind: Scenario
name: order
assistant: support
turns:
  - user: Where is A-1?
    mocks: {look_up: {returns: shipped}}
    checks: [{contains: It is shipped}, {tool_called: {name: look_up, arguments: {id: A-1}}}]
  - user: How long may I return it?
    checks: [{contains: 30 days}, {retrieved: {file: policy.md, within: 1}}]
---
kind: Scenario
name: greeting
assistant: greeter
turns: [{user: Hello, checks: [{contains: by script}]}]
---
kind: ScriptedModel
name: scripted
rules: [{reply: by script}]
---
kind: ScriptedModel
name: "*"
rules: [{reply: by the script for all}]
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("MODEL_KEY", KEY)
    (tmp_path / "policy.md").write_text("Goods are taken back: returns within 30 days.")
    return tmp_path


@pytest.mark.parametrize("target", ["assistants", "responses", "agents"])
def test_scenarios_run_with_a_real_model_on_every_wire(orch, shop, target):
    chat = Chat(key=KEY)
    with app_on_port(chat.app) as url:
        (shop / "orch.yaml").write_text(SPECS.replace("URL", url))
        applied = orch("apply", "--yes", "--target", target)
        assert applied.code == 0, applied.err
        done = orch("test", "--target", target, "--json", "report.json")
        assert done.code == 0, done.out + done.err
        assert orch("plan", "--detailed-exitcode", "--target", target).code == 0
    assert {body["model"] for body in chat.bodies} == {"llama3.2"}
    assert chat.bodies[0]["messages"][0] == {"role": "system", "content": "Answer questions about orders."}
    assert chat.bodies[0].get("temperature") == (0.2 if target != "agents" else None)
    scenarios = {each["name"]: each for each in json.loads((shop / "report.json").read_text())["scenarios"]}
    usage = scenarios["order"]["attempts"][0]["turns"][0]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (2000, 14)
    for file in shop.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_what_the_model_found_is_cited(orch, shop):
    with app_on_port(Chat().app) as url:
        checked = "{retrieved: {file: policy.md, within: 1}}, {cites: {file: policy.md, quote: 30 days}}"
        specs = SPECS.replace("URL", url).replace("{retrieved: {file: policy.md, within: 1}}", checked)
        (shop / "orch.yaml").write_text(specs)
        assert orch("apply", "--yes").code == 0
        done = orch("test", "--name", "order")
        assert done.code == 0, done.out + done.err


def test_models_that_the_endpoint_has_are_known(orch, shop):
    with app_on_port(Chat(key=KEY).app) as url:
        (shop / "orch.yaml").write_text(SPECS.replace("URL", url))
        done = orch("models")
        assert done.code == 0, done.err
        assert "llama3.2" in done.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("'URL/v1'", "nowhere", "has a `base_url` that is no address"),
        ("'URL/v1'", "'http://me:secret@127.0.0.1:9/v1'", "holds a user or a password"),
        ("{env: MODEL_KEY}", "sk-written", "api_key"),
        ("assistants: {provider: local,", "assistants: {provider: agents,", "`upstream` is for `provider: local`"),
        ("MODEL_KEY", "NO_KEY", "lacks its key: the environment variable NO_KEY is not set"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(orch, shop, old, new, said):
    (shop / "orch.yaml").write_text(SPECS.replace(old, new).replace("URL", "http://127.0.0.1:9"))
    done = orch("plan")
    assert done.code in (1, 64)
    assert said in done.err
    assert "secret@" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--upstream", "nowhere"), "the address of --upstream is no address"),
        (("--upstream", "http://me:secret@127.0.0.1:9"), "the address of --upstream holds a user or a password"),
        (("--upstream-key-env", "MODEL_KEY"), "there is no --upstream"),
        (("--upstream", "http://127.0.0.1:9", "--upstream-key-env", "NO_KEY"), "variable NO_KEY is not set"),
        (("--upstream", "http://127.0.0.1:9", "--upstream-key-env", "ODD_KEY"), "holds characters that no key has"),
    ],
)
def test_flags_that_do_not_fit_are_told(orch, shop, monkeypatch, arguments, said):
    monkeypatch.setenv("ODD_KEY", "sk\nother")
    done = orch("serve", "--port", "0", *arguments)
    assert done.code == 64
    assert said in done.err


LOOK_UP: FunctionToolParam = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
}


def test_the_official_client_talks_to_a_real_model(shop):
    chat = Chat(key=KEY)
    with (
        app_on_port(chat.app) as url,
        served(shop, "--upstream", f"{url}/v1", "--upstream-key-env", "MODEL_KEY") as (_, server),
        connect(server) as client,
    ):
        assert [model.id for model in client.models.list()] == [*MODELS, "*"]
        assistant = client.beta.assistants.create(model="qwen3", instructions="Be brief.", tools=[LOOK_UP])
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Where is A-1?"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.required_action is not None
        [call] = run.required_action.submit_tool_outputs.tool_calls
        assert call.function.arguments == '{"id": "A-1"}'
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "shipped"}]
        )
        assert run.status == "completed"
        assert run.usage is not None
        assert run.usage.total_tokens == 2 * 1007
        client.beta.threads.messages.create(thread.id, role="user", content="Thanks")
        with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            assert "".join(stream.text_deltas) == "Goodbye"
        response = client.responses.create(model="qwen3", input="Thanks")
        assert response.output_text == "Goodbye"
    assert [message["role"] for message in chat.bodies[-2]["messages"]] == ["system", "user", "assistant", "user"]


def test_the_model_sees_pictures(shop):
    chat = Chat(lambda _: says("A cat."))
    with (
        app_on_port(chat.app) as url,
        served(shop, "--upstream", f"{url}/v1") as (_, server),
        connect(server) as client,
    ):
        file = client.files.create(file=("cat.jpg", b"cat"), purpose="vision")
        assistant = client.beta.assistants.create(model="qwen3")
        thread = client.beta.threads.create()
        client.beta.threads.messages.create(
            thread.id,
            role="user",
            content=[
                {"type": "text", "text": "What is it?"},
                {"type": "image_file", "image_file": {"file_id": file.id}},
                {"type": "image_url", "image_url": {"url": "https://shop.example/cat.png"}},
            ],
        )
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status == "completed", run.last_error
    [message] = chat.bodies[0]["messages"]
    shown = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    assert shown == ["data:image/jpeg;base64,Y2F0", "https://shop.example/cat.png"]


def test_code_of_the_model_runs(shop, sandbox):
    with (
        app_on_port(Chat().app) as url,
        served(shop, "--upstream", f"{url}/v1") as (_, server),
        connect(server) as client,
    ):
        assistant = client.beta.assistants.create(model="qwen3", tools=[{"type": "code_interpreter"}])
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "What is the sum?"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status == "completed", run.last_error
        [message, _] = client.beta.threads.messages.list(thread.id).data
        assert message.content[0].to_dict()["text"] == {"value": "It is 3.", "annotations": []}


def test_runs_end_as_the_endpoint_lets_them(shop):
    def answer(body):
        match body["messages"][-1]["content"]:
            case "gone":
                return error(404, "no such model")
            case "filtered":
                return says("", "content_filter")
            case "long":
                assert body["max_tokens"] == 256
                return says("It goes on and", "length")
            case "thinks":
                return says("", "length")
            case "broken":
                return calls(("look_up", '{"id": '))
        return says("unheard of")

    with (
        app_on_port(Chat(answer).app) as url,
        served(shop, "--upstream", f"{url}/v1") as (_, server),
        connect(server) as client,
    ):
        assistant = client.beta.assistants.create(model="qwen3", tools=[LOOK_UP])

        def ended(text: str, **more: int):
            thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
            run = client.beta.threads.runs.create_and_poll(
                thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=more.get("tokens")
            )
            return run, client.beta.threads.messages.list(thread.id).data[0]

        for text, code, said in (
            ("gone", "server_error", "no such model (HTTP 404); does it have this model"),
            ("filtered", "invalid_prompt", "content filter"),
            ("broken", "server_error", "calls look_up with arguments that are no JSON object"),
        ):
            run, _ = ended(text)
            assert run.status == "failed"
            assert run.last_error is not None
            assert run.last_error.code == code
            assert run.last_error.message.startswith(f"The model 'qwen3' at {url}/v1: ")
            assert said in run.last_error.message
        run, reply = ended("long", tokens=256)
        assert run.status == "incomplete"
        assert run.incomplete_details is not None
        assert run.incomplete_details.reason == "max_completion_tokens"
        assert reply.status == "incomplete"
        assert reply.content[0].to_dict()["text"] == {"value": "It goes on and", "annotations": []}
        run, reply = ended("thinks")
        assert (run.status, reply.role) == ("incomplete", "user")


def test_a_run_that_is_cancelled_hangs_up_and_one_that_was_killed_is_asked_again(shop):
    chat = Chat()
    chat.hang = True
    with app_on_port(chat.app) as url:
        upstream = ("--upstream", f"{url}/v1")
        with served(shop, *upstream) as (process, server), connect(server) as client:
            assistant = client.beta.assistants.create(model="qwen3")
            threads = [
                client.beta.threads.create(messages=[{"role": "user", "content": "Thanks"}]).id for _ in range(2)
            ]
            run = client.beta.threads.runs.create(threads[0], assistant_id=assistant.id)
            assert chat.asked.wait(10)
            client.beta.threads.runs.cancel(run.id, thread_id=threads[0])
            assert chat.hung_up.wait(10)
            assert client.beta.threads.runs.poll(run.id, thread_id=threads[0]).status == "cancelled"
            chat.asked.clear()
            run = client.beta.threads.runs.create(threads[1], assistant_id=assistant.id)
            assert chat.asked.wait(10)
            process.send_signal(signal.SIGKILL)
            process.wait()
        chat.hang = False
        with served(shop, *upstream) as (_, server), connect(server) as client:
            assert client.beta.threads.runs.poll(run.id, thread_id=threads[1]).status == "completed"


def test_a_model_that_nobody_has_is_told_with_what_to_do(shop):
    with served(shop) as (_, server), connect(server) as client:
        assistant = client.beta.assistants.create(model="gpt-9")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.last_error is not None
        assert "`orch serve --upstream URL`" in run.last_error.message
        with pytest.raises(openai.BadRequestError, match="`orch serve --upstream URL`"):
            client.responses.create(model="gpt-9", input="Hello")
