"""`orch serve` as a process: the notebook's own client, the notebook's own error, and kill -9."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from openai.types.shared_params import FunctionDefinition

SPECS = Path(__file__).parent.parent.parent / "specs"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK marks the whole Assistants API


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "orchestrator", "serve", "--port", "0", "--db", "server.db", *more]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.stderr.close()
        process.wait()


def connect(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="unused", _strict_response_validation=True, max_retries=0)


def test_the_notebooks_mistake_is_answered_with_the_notebooks_error(tmp_path):
    with served(tmp_path, "--models", str(SPECS)) as (_, url), connect(url) as client:
        quiz: FunctionDefinition = {"name": "display_quiz", "parameters": {"type": "object", "properties": {}}}
        assistant = client.beta.assistants.create(
            name="Math Tutor2", model="gpt-4o", tools=[{"type": "function", "function": quiz}]
        )
        thread = client.beta.threads.create()
        client.beta.threads.messages.create(thread.id, role="user", content="두 가지 질문으로 퀴즈를 만들어줘")
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status == "requires_action"
        assert run.required_action is not None
        first, second = run.required_action.submit_tool_outputs.tool_calls
        output = json.dumps(["I don't know.", "a"])
        with pytest.raises(openai.BadRequestError) as caught:
            client.beta.threads.runs.submit_tool_outputs(
                run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": first.id, "output": output}]
            )
        assert caught.value.status_code == 400
        assert caught.value.body == {
            "message": f"Expected tool outputs for call_ids ['{first.id}', '{second.id}'], got ['{first.id}']",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=thread.id,
            tool_outputs=[{"tool_call_id": call.id, "output": output} for call in (first, second)],
        )
        assert run.status == "completed"
        reply = client.beta.threads.messages.list(thread.id).data[0].content[0]
        assert reply.type == "text"
        assert reply.text.value.startswith("피드백")


def test_kill_9_loses_nothing_it_had_acknowledged(tmp_path):
    acknowledged = []
    with served(tmp_path) as (process, url), connect(url) as client:
        for number in range(40):
            acknowledged.append(client.beta.assistants.create(model="gpt-4o", name=f"assistant {number}").id)
            if number == 30:
                process.send_signal(signal.SIGKILL)
                process.wait()
                break
    with served(tmp_path) as (_, url), connect(url) as client:
        assert {item.id for item in client.beta.assistants.list(limit=100)} == set(acknowledged)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_cleanly(tmp_path, number):
    with served(tmp_path) as (process, url), connect(url) as client:
        client.beta.assistants.create(model="gpt-4o")
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        log = process.stderr.read()
    assert "POST /v1/assistants 200" in log
    assert "Traceback" not in log


def test_beyond_loopback_a_key_is_required(tmp_path):
    command = [sys.executable, "-m", "orchestrator", "serve", "--port", "0", "--host", "0.0.0.0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 64
    assert "--api-key-env" in done.stderr


def test_a_key_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVE_KEY", "right-key")
    with served(tmp_path, "--api-key-env", "SERVE_KEY") as (_, url):
        with connect(url) as client, pytest.raises(openai.AuthenticationError):
            client.beta.assistants.list()
        with openai.OpenAI(base_url=url, api_key="right-key") as allowed:
            assert allowed.beta.assistants.list().data == []


def test_apply_and_test_over_a_port(tmp_path, orch, tutor):
    with served(tmp_path, "--models", str(SPECS)) as (_, url):
        project = tutor / "orch.yaml"
        project.write_text(project.read_text().replace("http://127.0.0.1:8080/v1", url))
        assert orch("apply", "specs/", "--target", "server").code == 0
        assert orch("plan", "specs/", "--target", "server", "--detailed-exitcode").code == 0
        done = orch("test", "specs/", "--target", "server", "--name", "[!f]*")
        assert done.code == 0, done.out
