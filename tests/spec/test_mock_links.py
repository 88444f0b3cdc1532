"""Mocks and matchers are held against the function they speak of, each slip told at its place before a run."""

import pytest

from orchestrator.errors import SpecError
from orchestrator.model.scenario import Scenario
from orchestrator.spec.loader import Ask, load
from orchestrator.spec.mock_links import find_unreachable

HEAD = "kind: Project\nname: p\ntargets: {local: {provider: local}}\n"
REST = """\
kind: Assistant
name: tutor
model: gpt-4o
tools: [function: quiz, function: open]
---
kind: Function
name: quiz
strict: true
parameters:
  type: object
  properties:
    title: {type: string}
    level: {enum: [easy, hard]}
    count: {type: [integer, "null"]}
    items: {type: array, items: {$ref: "#/$defs/item"}}
  required: [title, level, count, items]
  additionalProperties: false
  $defs:
    item:
      type: object
      properties: {text: {type: string}}
      required: [text]
      additionalProperties: false
---
kind: Function
name: open
parameters: {type: object, properties: {id: {type: integer}}, additionalProperties: true}
"""


@pytest.fixture
def told(write):
    """Give what is told of a mock of `quiz`, or of what `function` names: text and hint."""

    def problems(mock: str, function: str = "quiz") -> list[tuple[str, str | None]]:
        scenario = f"kind: Scenario\nname: s\nassistant: tutor\nturns: [user: hi]\nmocks:\n  {function}: {mock}\n"
        python = "def ok(**_): ...\nasync def later(): ...\nclass Ok: ...\n"
        root = write({"orch.yaml": HEAD, "a.yaml": scenario, "b.yaml": REST, "lib.py": python})
        try:
            load(Ask(start=root, cwd=root))
        except SpecError as error:
            return [(str(each), each.hint) for each in error.diagnostics]
        return []

    return problems


@pytest.mark.parametrize(
    "mock",
    [
        "{returns: anything}",
        "[{when: {arguments: {title: x, level: hard}}, returns: 1}, {returns: 2}]",
        "{when: {arguments: {count: null}}, returns: 1}",
        "{when: {arguments: {count: 3}}, returns: 1}",
        "{when: {exact: {title: x, level: hard, count: 1, items: [{text: a}]}}, returns: 1}",
        "{when: {regex: {title: '^x'}}, returns: 1}",
        "{when: {schema: {properties: {title: {maxLength: 3}}}}, returns: 1}",
        "{when: {jmespath: 'length(items) > `2`'}, returns: 1}",
        "{python: 'lib:ok'}",
        "{sequence: [{python: 'lib:later'}, {template: '{{ arguments.title }}'}]}",
    ],
)
def test_sound_mocks(told, mock):
    assert told(mock) == []


@pytest.mark.parametrize(
    ("mock", "place", "message", "hint"),
    [
        (
            "{when: {arguments: {titel: x}}, returns: 1}",
            "6:29",
            "function `quiz` has no argument `titel`",
            "did you mean `title`?",
        ),
        (
            "{when: {arguments: {title: 3}}, returns: 1}",
            "6:36",
            "`title` of function `quiz` must be text, not 3",
            'quote it: "3"',
        ),
        (
            "{when: {arguments: {count: x}}, returns: 1}",
            "6:36",
            '`count` of function `quiz` must be a whole number or null, not "x"',
            "write it without quotes",
        ),
        (
            "{when: {arguments: {level: hrd}}, returns: 1}",
            "6:36",
            '`level` of function `quiz` cannot be "hrd"',
            "did you mean `hard`?",
        ),
        (
            "{when: {arguments: {items: [{txt: a}]}}, returns: 1}",
            "6:38",
            "function `quiz` has no argument `items[0].txt`",
            "did you mean `text`?",
        ),
        (
            "{when: {exact: {title: x}}, returns: 1}",
            "6:24",
            "every call of `quiz` has level, count, items",
            "add it, or write `arguments:` for a part of them",
        ),
        (
            "{when: {regex: {titel: x}}, returns: 1}",
            "6:25",
            "function `quiz` has no argument `titel`",
            "did you mean `title`?",
        ),
        (
            "{when: {schema: {properties: {titel: {}}}}, returns: 1}",
            "6:39",
            "function `quiz` has no argument `titel`",
            "did you mean `title`?",
        ),
        ("{when: {jmespath: 'a['}, returns: 1}", "6:27", "not a JMESPath query", "for example id == 'A-1'"),
        (
            "{when: {schema: {type: objet}}, returns: 1}",
            "6:32",
            "objet",
            None,
        ),
        ("{python: 'lib:gone'}", "6:18", "gone", None),
        ("{sequence: [{python: 'nowhere:f'}]}", "6:30", "nowhere.py", None),
        ("{template: '{{ argument.id }}'}", "6:24", "argument", None),
        ("{template: '{{ arguments.id '}", "6:20", "template", None),
    ],
)
def test_slips_are_told_at_their_place(told, mock, place, message, hint):
    [(text, advice)] = told(mock)
    assert text.startswith(f"a.yaml:{place}: "), text
    assert message in text
    assert hint is None or hint in str(advice)


@pytest.mark.parametrize("mock", ["{when: {arguments: {anything: 1}}, returns: 1}", "{when: {exact: {}}, returns: 1}"])
def test_a_function_that_takes_anything_is_asked_nothing(told, mock):
    assert told(mock, "open") == []


def test_of_a_function_that_takes_anything_what_is_declared_still_counts(told):
    [(text, _)] = told("{when: {arguments: {id: x}}, returns: 1}", "open")
    assert "`id` of function `open` must be a whole number" in text


def test_a_mock_of_no_function_is_told_once(told):
    [(text, hint)] = told("{when: {arguments: {x: 1}}, returns: 1}", "quizz")
    assert "assistant `tutor` has no function `quizz`" in text
    assert hint == "did you mean `quiz`?"


def test_mocks_that_never_answer_are_found():
    written = [{"returns": 1}, {"when": {"arguments": {"id": 1}}, "returns": 2}, {"returns": 3}]
    turns = [{"user": "hi", "mocks": {"f": written, "g": written[:1]}}]
    spec = Scenario.model_validate({"name": "s", "assistant": "a", "turns": turns, "mocks": {"f": written[1:]}})
    found = list(find_unreachable(spec))
    assert [place for place, _ in found] == [("turns", 0, "mocks", "f", 1), ("turns", 0, "mocks", "f", 2)]
    assert found[0][1] == "this mock of `f` is never used: mock 1 has no `when`, so it answers every call"
