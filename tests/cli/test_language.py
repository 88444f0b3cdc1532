"""Everything the scenario language has, in one scenario: it validates, and each part of it is looked at."""

import json

import pytest

PROJECT = """\
kind: Project
name: shop
targets: {local: {provider: local}}
prices: {m: {input: 1, output: 1}}
---
kind: Judge
name: strict-judge
model: grader
---
kind: Assistant
name: support
model: m
tools:
  - file_search: {vector_stores: [kb]}
  - code_interpreter
  - function: lookup_order
  - function: refund
  - function: cancel_order
---
kind: VectorStore
name: kb
files: [{path: policy.md}]
---
kind: Function
name: lookup_order
parameters: {type: object, properties: {id: {type: string}}}
---
kind: Function
name: refund
parameters: {type: object, properties: {id: {type: string}}}
---
kind: Function
name: cancel_order
---
kind: ScriptedModel
name: m
rules:
  - {user: Where, call: [{name: lookup_order, arguments: {id: A-1}}, {name: refund, arguments: {id: A-1}}]}
  - {after: lookup_order, reply: "It is shipped."}
"""
SCENARIO = """\
kind: Scenario
name: refund
assistant: support
tags: [smoke]
variables: {order: A-1}
repeat: 1
mocks: {refund: {returns: done}}
turns:
  - user: "Where is {{ vars.order }}?"
    mocks:
      lookup_order:
        - {when: {arguments: {id: A-1}}, returns: {status: shipped}}
        - {when: {regex: {id: "^B"}}, error: "no such order"}
        - {sequence: [{error: busy}, {returns: {status: shipped}}], then: repeat_last}
        - {template: '{"id": "{{ arguments.id }}"}'}
        - {python: "mocks:lookup_order", delay_ms: 50}
    checks:
      - contains: shipped
      - not: {contains: sorry}
      - tool_called: {name: lookup_order, arguments: {id: A-1}, times: 1}
      - tool_not_called: cancel_order
      - trajectory: {mode: in_order, calls: [lookup_order, {name: refund, arguments: {id: A-1}}]}
      - json: {schema: {type: object}}
      - cites: {file: policy.md, quote: "30 days"}
      - retrieved: {file: policy.md, within: 3, min_score: 0.2}
      - code: {contains: "import pandas"}
      - status: completed
      - latency_ms: {max: 2000}
      - python: "checks:polite"
      - judge: {by: strict-judge, criteria: ["answers the question", "gives no legal advice"]}
checks: []
"""


@pytest.fixture
def shop(tmp_path):
    files = {
        "orch.yaml": PROJECT,
        "refund.yaml": SCENARIO,
        "policy.md": "Within 30 days.\n",
        "mocks.py": "def lookup_order(id): return id\n",
        "checks.py": "def polite(exchanges): return True\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_whole_language_validates_and_what_never_answers_is_told(orch, shop):
    done = orch("validate")
    assert done.code == 0, done.err
    assert done.err.count("is never used: mock 3 has no `when`, so it answers every call") == 2
    assert "refund.yaml:15:11: warning: " in done.err


def test_every_check_gives_its_own_verdict(orch, shop):
    assert orch("apply").code == 0
    done = orch("test", "--json", "report.json")
    assert done.code == 1
    [scenario] = json.loads((shop / "report.json").read_text())["scenarios"]
    [turn] = scenario["attempts"][0]["turns"]
    assert {each["check"]: each["passed"] for each in turn["checks"]} == {
        "contains": True,
        "not contains": True,
        "tool_called": True,
        "tool_not_called": True,
        "trajectory": True,
        "json": False,
        "cites": False,
        "retrieved": False,
        "code": False,
        "status": True,
        "latency_ms": True,
        "python": True,
        "judge": False,
    }
    assert turn["checks"][-1]["inconclusive"], "a judge is not asked where a check has failed"
    assert turn["tool_calls"][0]["output"] == '{"status": "shipped"}'
