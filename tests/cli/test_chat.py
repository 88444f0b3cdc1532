"""Talking to an assistant, by script and at a terminal, on every wire."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

SPECS = """
kind: Project
name: shop
default_target: assistants
targets:
  assistants: {provider: local}
  agents: {provider: local, speaks: agents, db: .orch/agents.db}
  responses: {provider: local, speaks: responses, db: .orch/responses.db}
---
kind: Assistant
name: support
model: gpt-4o
tools: [{function: look_up}, {file_search: {vector_stores: [policies]}}]
agents: {bridges: [file_search]}
---
kind: Function
name: look_up
parameters: {type: object, properties: {id: {type: string}}, required: [id]}
---
{kind: VectorStore, name: policies, files: [{path: policy.md}]}
---
kind: Scenario
name: order
assistant: support
turns:
  - user: Where is A-1?
    mocks: {look_up: {returns: shipped}}
---
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: A-1, call: [{name: look_up, arguments: {id: A-1}}]}
  - {after: look_up, reply: "It is {{ outputs[0] }}."}
  - {user: return, search: days}
  - {after: file_search, reply: "{{ results[0].text }}", cite: true}
  - {user: steer, reply: "a\\e[31mred"}
  - {user: fail, error: rate_limit_exceeded}
  - {user: slow, reply: at last, delay_ms: 60000}
  - {reply: Goodbye}
---
kind: ScriptedModel
name: other
rules: [{reply: The other says hello}]
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "policy.md").write_text("Within 30 days.")
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "orchestrator", "chat", *arguments]


def say(shop, text, *arguments):
    return subprocess.run(
        command("support", *arguments), input=text, capture_output=True, text=True, cwd=shop, timeout=60, check=False
    )


@pytest.mark.parametrize("target", ["assistants", "agents", "responses"])
def test_a_talk_by_lines_is_told_and_recorded_and_the_record_passes(orch, shop, target):
    assert orch("apply", "--yes", "--target", target).code == 0
    lines = "Where is A-1?\nMay I return it?\n\nThanks\n"
    done = say(shop, lines, "--target", target, "--mocks", "order", "--record", "talks/mine.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "It is shipped."
    assert done.stdout.splitlines()[1].startswith("Within 30 days.")
    assert done.stdout.splitlines()[-1] == "Goodbye"
    for told in ('called: look_up({"id": "A-1"}) -> shipped', "searched: policy.md", "cites: policy.md"):
        assert told in done.stderr
    assert "3 messages" in done.stderr
    assert "wrote talks/mine.yaml; play it with `orch test --name mine`" in done.stderr
    played = orch("test", "--name", "mine", "--target", target)
    assert played.code == 0, played.out


def test_messages_of_the_command_line_are_said_by_another_model(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = orch("chat", "assistant.support", "--message", "hi", "--message", "ho", "--model", "other")
    assert (done.code, done.out) == (0, "The other says hello\nThe other says hello\n")


def test_nothing_is_left_on_the_target(orch, shop):
    assert orch("apply", "--yes", "--target", "responses").code == 0
    assert say(shop, "hi\n/quit\nnever\n", "--target", "responses").stdout == "Goodbye\n"
    found = subprocess.run(
        ["python3", "-c", "import sqlite3; print(sqlite3.connect('.orch/responses.db').execute("
         "\"select distinct kind from documents where kind not in ('vector_store','vector_store_file','file',"
         "'vector_store_batch')\").fetchall())"],
        capture_output=True, text=True, cwd=shop, check=True,
    )  # fmt: skip
    # The API keeps responses when their conversation goes (API facts 3.2), and so does the embedded server.
    assert "conversation" not in found.stdout


def test_a_call_that_nothing_answers_ends_the_talk_and_keeps_what_was_said(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = say(shop, "hi\nWhere is A-1?\n", "--record", "mine.yaml")
    assert done.returncode == 2
    assert "look_up was called, and nothing answers it" in done.stderr
    assert "--mocks SCENARIO" in done.stderr
    assert "user: hi" in (shop / "mine.yaml").read_text()


def test_a_reply_that_fails_is_told_and_the_talk_goes_on(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = say(shop, "fail\nhi\n")
    assert (done.returncode, done.stdout) == (1, "Goodbye\n")
    assert "failed: " in done.stderr
    assert "(rate_limit_exceeded)" in done.stderr


def test_what_steers_a_terminal_is_written_out(orch, shop):
    assert orch("apply", "--yes").code == 0
    assert say(shop, "steer\n").stdout == "a\\x1b[31mred\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["suport"], 64, "did you mean `support`?"),
        (["support", "--mocks", "ordr"], 64, "did you mean `order`?"),
        (["support", "--record", "../mine.yaml"], 64, "outside the project"),
        (["support", "--record", "mine.txt"], 64, "a scenario is a .yaml file"),
        (["support", "--record", "orch.yaml"], 64, "exists already"),
        (["support"], 2, "assistant.support is not there on target assistants"),
    ],
)
def test_what_cannot_be_held_is_said_before_anything_is(orch, shop, arguments, code, message):
    done = orch("chat", *arguments, "--message", "hi")
    assert done.code == code
    assert message in done.err
    assert "hint" in done.err


class Terminal:
    """A process at a terminal of its own."""

    def __init__(self, shop, *arguments):
        self.ours, theirs = pty.openpty()
        env = {**os.environ, "NO_COLOR": "1", "TERM": "dumb"}
        self.process = subprocess.Popen(
            command("support", *arguments), stdin=theirs, stdout=theirs, stderr=theirs, cwd=shop, env=env,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def until(self, text, seconds=30):
        """Read until a text is there; gives what came before it."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen!r}"
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.ours, 4096).decode(errors="replace")
                except OSError:  # the other side is closed
                    assert text in self.seen, self.seen
        before, _, self.seen = self.seen.partition(text)
        return before

    def write(self, text):
        os.write(self.ours, text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def test_at_a_terminal_functions_are_answered_by_hand(orch, shop):
    assert orch("apply", "--yes").code == 0
    with Terminal(shop, "--record", "mine.yaml") as terminal:
        terminal.until("> ")
        terminal.write("Where is A-1?\n")
        assert 'called: look_up({"id": "A-1"})' in terminal.until("its output: ")
        terminal.write("on its way\n")
        assert "It is on its way." in terminal.until("> ")
        terminal.write("\x04")
        terminal.until("play it with `orch test --name mine`")
        assert terminal.process.wait(30) == 0
    assert "returns: on its way" in (shop / "mine.yaml").read_text()
    assert orch("test", "--name", "mine").code == 0


def test_ctrl_c_during_a_reply_ends_the_talk_and_keeps_what_was_said(orch, shop):
    assert orch("apply", "--yes").code == 0
    with Terminal(shop, "--record", "mine.yaml") as terminal:
        terminal.until("> ")
        terminal.write("hi\n")
        terminal.until("Goodbye")
        terminal.until("> ")
        terminal.write("slow\n")
        terminal.until("slow")
        os.kill(terminal.process.pid, signal.SIGINT)
        terminal.until("what was not answered is left out")
        terminal.until("wrote mine.yaml")
        assert terminal.process.wait(30) == 0
    assert "slow" not in (shop / "mine.yaml").read_text()


def test_a_recorded_talk_holds_no_key(orch, shop):
    assert orch("apply", "--yes").code == 0
    key = "sk-" + "a1" * 20
    assert say(shop, f"my key is {key}\n", "--record", "talks/mine.yaml").returncode == 0
    written = (shop / "talks" / "mine.yaml").read_text()
    assert "my key is ***" in written
    assert key not in written


def test_a_talk_tells_what_it_cost_though_no_scenario_knows_the_assistant(orch, shop):
    assert orch("apply", "--yes").code == 0
    spec = (shop / "orch.yaml").read_text()
    start, end = spec.index("kind: Scenario"), spec.index("kind: ScriptedModel")
    priced = spec.replace("name: shop\n", "name: shop\nprices: {gpt-4o: {input: 1000000, output: 0}}\n")
    (shop / "orch.yaml").write_text(priced.replace(spec[start:end], ""))
    assert "$" in say(shop, "hello\n").stderr


def test_what_failed_is_not_recorded_and_that_is_said(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = say(shop, "fail\nhello\n", "--record", "talks/mine.yaml")
    assert done.returncode == 1
    assert "message 1 is not recorded: its reply failed" in done.stderr
    written = (shop / "talks" / "mine.yaml").read_text()
    assert "hello" in written
    assert "user: fail" not in written


def test_a_talk_without_an_answer_says_that_nothing_is_written_and_what_it_took(orch, shop):
    assert orch("apply", "--yes").code == 0
    done = say(shop, "Where is A-1?\n", "--record", "talks/mine.yaml")  # a function is called, and nothing answers
    assert done.returncode == 2
    assert "talks/mine.yaml is not written: no message was answered" in done.stderr
    assert "0 messages, 1 request" in done.stderr
    assert not (shop / "talks").exists()
