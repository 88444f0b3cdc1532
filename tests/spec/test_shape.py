"""What authors get wrong, and what they are told: the message, its place, and what to do."""

import json
from pathlib import Path

import pytest

from orchestrator.diagnostics import Diagnostic
from orchestrator.model.check_text import TEXT_CHECKS
from orchestrator.model.checks import CHECKS
from orchestrator.model.resources import Assistant, VectorStore
from orchestrator.spec.reader import Document, read_documents
from orchestrator.spec.shape import KINDS, get_kind, shape

ASSISTANT = "kind: Assistant\nname: a\nmodel: m\n"
FUNCTION = "kind: Function\nname: f\n"
MODEL = "kind: ScriptedModel\nname: m\nrules:\n  - "
PROJECT = "kind: Project\nname: p\n"
SCENARIO = "kind: Scenario\nname: s\nassistant: a\n"
STORE = "kind: VectorStore\nname: v\n"
TURN = f"{SCENARIO}turns:\n  - user: hi\n    "

TOOL_HINT = "write code_interpreter, file_search: {...} or function: NAME"
MOCK_HINT = "write returns: VALUE, or one of error, malformed, template, python, sequence"
DASH_HINT = "begin each item with a dash"
REGEX_HINT = r"write \ before a character meant as itself: \( \[ \. \* \+ \?"
REPEAT_HINT = "write it with its keys: max, require"
REQUIRE_HINT = "Share of attempts that has to pass, for example 0.8"
NAME_HINT = "use lower case letters, digits and single dashes, for example math-tutor"
SECRET_HINT = (
    "write {env: NAME}, the name of an environment variable, or {command: COMMAND} that prints it; "
    "keep the key itself out of files"
)


def document_of(folder: Path, text: str, name: str = "a.yaml") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    reading = read_documents(folder / name, name)
    assert not reading.problems
    return reading.documents[0]


def problems(folder: Path, text: str) -> list[Diagnostic]:
    document = document_of(folder, text)
    kind = get_kind(document)
    assert kind is not None
    shaped = shape(document, KINDS[kind], document.data)
    assert isinstance(shaped, list), shaped
    return shaped


# Text, place, message, hint.
BAD = [
    # Assistant
    ("kind: Assistant\nmodel: m\n", "1:1", "`name` is missing", "The address: assistant.NAME"),
    ("kind: Assistant\nname: A B\nmodel: m\n", "2:7", "`name` may not be 'A B'", NAME_HINT),
    ("kind: Assistant\nname: 5\nmodel: m\n", "2:7", "`name` must be text", 'quote it: "5"'),
    ("kind: Assistant\nname: {a: b}\nmodel: m\n", "2:7", "`name` must be text", None),
    (
        "kind: Assistant\nname:\nmodel: m\n",
        "2:6",
        "`name` must be text",
        "give it a value, or leave the key out",
    ),
    (f"{ASSISTANT}discription: x\n", "4:1", "unknown key `discription`", "did you mean `description`?"),
    (f"{ASSISTANT}description: ''\n", "4:14", "`description` must not be empty", None),
    (
        f"{ASSISTANT}description: {'x' * 513}\n",
        "4:14",
        "`description` must have at most 512 characters, not 513",
        None,
    ),
    (f"{ASSISTANT}temperature: 3\n", "4:14", "`temperature` must be at most 2", None),
    (f"{ASSISTANT}temperature: -1\n", "4:14", "`temperature` must be at least 0", None),
    (f"{ASSISTANT}temperature: '1'\n", "4:14", "`temperature` must be a number", "write it without quotes"),
    (f"{ASSISTANT}temperature: true\n", "4:14", "`temperature` must be a number", None),
    (f"{ASSISTANT}metadata: {{a: true}}\n", "4:15", "`a` must be text", 'quote it: "true"'),
    (
        f"{ASSISTANT}metadata: {{orch.x: y}}\n",
        "4:12",
        "the key `orch.x` is orch's own",
        "keys may not begin with orch.",
    ),
    (
        f"{ASSISTANT}metadata: {{{', '.join(f'k{n}: v' for n in range(17))}}}\n",
        "4:11",
        "`metadata` must have at most 16 items, not 17",
        None,
    ),
    (
        f"{ASSISTANT}reasoning_effort: hgh\n",
        "4:19",
        "`reasoning_effort` must be none, minimal, low, medium, high, xhigh or max",
        "did you mean `high`?",
    ),
    (
        f"{ASSISTANT}response_format: json\n",
        "4:18",
        "`response_format` must be auto, text, json_object or a mapping",
        "write it with its key: json_schema",
    ),
    (
        f"{ASSISTANT}response_format: {{json_schema: {{name: x}}}}\n",
        "4:32",
        "`schema` is missing",
        "JSON Schema the reply follows",
    ),
    # instructions: text or {file: PATH}
    (f"{ASSISTANT}instructions: {{fil: x}}\n", "4:16", "unknown key `fil`", "did you mean `file`?"),
    (f"{ASSISTANT}instructions: {{file: 5}}\n", "4:22", "`file` must be text", 'quote it: "5"'),
    (f"{ASSISTANT}instructions: 5\n", "4:15", "`instructions` must be text or a mapping", 'quote it: "5"'),
    (
        f"{ASSISTANT}instructions: [a]\n",
        "4:15",
        "`instructions` must be text or a mapping",
        "write it with its key: file",
    ),
    # lifecycle
    (f"{ASSISTANT}lifecycle: {{protct: true}}\n", "4:13", "unknown key `protct`", "did you mean `protect`?"),
    (f"{ASSISTANT}lifecycle: {{ignore: model}}\n", "4:21", "`ignore` must be a list", DASH_HINT),
    (
        f"{ASSISTANT}lifecycle: {{ignore: [descripton]}}\n",
        "4:22",
        "there is no field `descripton`",
        "did you mean `description`?",
    ),
    # tools
    (f"{ASSISTANT}tools: code_interpreter\n", "4:8", "`tools` must be a list", DASH_HINT),
    (
        f"{ASSISTANT}tools: [file_serch]\n",
        "4:9",
        "an item of `tools` must be code_interpreter or file_search",
        "did you mean `file_search`?",
    ),
    (
        f"{ASSISTANT}tools: [display_quiz]\n",
        "4:9",
        "an item of `tools` must be code_interpreter or file_search",
        "a function is written `function: display_quiz`",
    ),
    (
        f"{ASSISTANT}tools: [code_interpretr: {{}}]\n",
        "4:9",
        "`code_interpretr` is not a tool",
        "did you mean `code_interpreter`?",
    ),
    (f"{ASSISTANT}tools: [5]\n", "4:9", "not a tool", TOOL_HINT),
    (f"{ASSISTANT}tools: [{{}}]\n", "4:9", "not a tool", TOOL_HINT),
    (f"{ASSISTANT}tools: [function: [a]]\n", "4:19", "`function` must be text", None),
    (
        f"{ASSISTANT}tools: [{{function: q, file_search: {{}}}}]\n",
        "4:10",
        "unknown key `function`",
        "only one of function, file_search can stand here",
    ),
    (
        f"{ASSISTANT}tools: [{{file_search: {{}}, strict: true}}]\n",
        "4:27",
        "unknown key `strict`",
        "known here: file_search",
    ),
    (
        f"{ASSISTANT}tools: [file_search: {{max_result: 3}}]\n",
        "4:23",
        "unknown key `max_result`",
        "did you mean `max_num_results`?",
    ),
    (
        f"{ASSISTANT}tools: [file_search: {{max_num_results: 51}}]\n",
        "4:40",
        "`max_num_results` must be at most 50",
        None,
    ),
    (
        f"{ASSISTANT}tools: [file_search: {{vector_stores: [a, b]}}]\n",
        "4:38",
        "`vector_stores` must have at most 1 item, not 2",
        None,
    ),
    # VectorStore
    (
        f"{STORE}files: [a.md]\n",
        "3:9",
        "an item of `files` must be a mapping",
        "write it with its key: path",
    ),
    (f"{STORE}expires_after: 5\n", "3:16", "`expires_after` must be a mapping", "write it with its key: days"),
    (f"{STORE}expires_after: {{days: 1.5}}\n", "3:23", "`days` must be a whole number", None),
    (
        f"{STORE}files: [{{path: x, attributes: {{a: [1]}}}}]\n",
        "3:35",
        "`a` must be text, a number or true or false",
        None,
    ),
    (
        f"{STORE}files: [{{path: x, chunking: atuo}}]\n",
        "3:29",
        "`chunking` must be auto or a mapping",
        "did you mean `auto`?",
    ),
    (
        f"{STORE}files: [{{path: x, chunking: {{max_chunk_size_tokens: 100}}}}]\n",
        "3:29",
        "chunk_overlap_tokens may be at most half of max_chunk_size_tokens (50)",
        None,
    ),
    # Function
    ("kind: Function\nname: q q\n", "2:7", "`name` may not be 'q q'", "use letters, digits, _ and -, at most 64"),
    (
        "kind: Function\nname: file_search\n",
        "2:7",
        "the name `file_search` is a built-in tool's",
        "give it another name",
    ),
    (
        "kind: Function\nname: search\ndisplay_name: file_search\n",
        "3:15",
        "the name `file_search` is a built-in tool's",
        "give it another name",
    ),
    (f"{FUNCTION}parameters: []\n", "3:13", "`parameters` must be a mapping", None),
    (
        f"{FUNCTION}strict: yes\n",
        "3:9",
        "`strict` must be true or false",
        "only true and false are booleans",
    ),
    # Scenario
    (f"{SCENARIO}turns: []\n", "4:8", "`turns` must not be empty", None),
    (
        f"{SCENARIO}turns: [hi]\n",
        "4:9",
        "an item of `turns` must be a mapping",
        "write it with its key: user",
    ),
    (f"{SCENARIO}turns: [usr: hi]\n", "4:9", "unknown key `usr`", "did you mean `user`?"),
    (f"{TURN}\nrepeat: 0\n", "7:9", "`repeat` must be at least 1", None),
    (f"{TURN}\nrepeat: often\n", "7:9", "`repeat` must be a whole number or a mapping", REPEAT_HINT),
    (f"{TURN}\nrepeat: '3'\n", "7:9", "`repeat` must be a whole number or a mapping", "write it without quotes"),
    (f"{TURN}\nrepeat: {{max: 20}}\n", "7:9", "`require` is missing", REQUIRE_HINT),
    (f"{TURN}\nrepeat: {{max: 20, require: 1}}\n", "7:28", "`require` must be below 1", None),
    (f"{TURN}\nrepeat: {{max: 20, require: 0}}\n", "7:28", "`require` must be above 0", None),
    (f"{TURN}\nrepeat: {{max: 501, require: 0.8}}\n", "7:15", "`max` must be at most 500", None),
    (f"{TURN}\nrepeat: {{max: 20, required: 0.8}}\n", "7:19", "unknown key `required`", "did you mean `require`?"),
    (f"{TURN}\nrepeat: {{min: 4, max: 3, require: 0.8}}\n", "7:9", "repeat.min is above repeat.max", None),
    (f"{TURN}checks: [contain: x]\n", "6:14", "`contain` is not a check", "did you mean `contains`?"),
    (
        f"{TURN}checks: [contains]\n",
        "6:14",
        "`contains` is not a check",
        f"write one of {', '.join(CHECKS)}",
    ),
    (
        f"{TURN}checks: [{{contains: x, regex: y}}]\n",
        "6:28",
        "unknown key `regex`",
        "only one of contains, regex can stand here",
    ),
    (
        f"{TURN}checks: [regex: '(']\n",
        "6:21",
        "not a regular expression: missing ), unterminated subpattern at position 0",
        REGEX_HINT,
    ),
    (f"{TURN}checks: [tool_called: {{nam: q}}]\n", "6:28", "unknown key `nam`", "did you mean `name`?"),
    (f"{TURN}checks: [tool_called: {{times: 1}}]\n", "6:27", "`name` is missing", None),
    (f"{TURN}checks: [tool_called: {{name: q, times: -1}}]\n", "6:44", "`times` must be at least 0", None),
    (
        f"{TURN}checks: [tool_called: {{name: q, times: {{min: 2, max: 1}}}}]\n",
        "6:44",
        "min is above max",
        None,
    ),
    (f"{TURN}checks: [{{weight: 2}}]\n", "6:14", "`weight` is not a check", f"write one of {', '.join(CHECKS)}"),
    (f"{TURN}checks: [{{weight: 2, contian: x}}]\n", "6:14", "`contian` is not a check", "did you mean `contains`?"),
    (
        f"{TURN}checks: [{{contains: x, regex: y, weight: 2, ignore_case: true}}]\n",
        "6:28",
        "unknown key `regex`",
        "only one of contains, regex can stand here",
    ),
    (f"{TURN}checks: [{{contains: x, weight: -1}}]\n", "6:36", "`weight` must be at least 0", None),
    (f"{TURN}checks: [{{contains: x, weigth: 1}}]\n", "6:28", "unknown key `weigth`", "did you mean `weight`?"),
    (
        f"{TURN}checks: [{{max_calls: 1, ignore_case: true}}]\n",
        "6:29",
        "unknown key `ignore_case`",
        "known here: max_calls, weight",
    ),
    (f"{TURN}checks: [not: {{contain: x}}]\n", "6:19", "`contain` is not a check", "did you mean `contains`?"),
    (f"{TURN}checks: [not: {{contains: x, weight: 2}}]\n", "6:19", "a weight stands beside not:, not inside", None),
    (f"{TURN}checks: [not: [contains: x]]\n", "6:19", "not a check", f"write one of {', '.join(CHECKS)}"),
    (f"{TURN}checks: [any_of: []]\n", "6:22", "`any_of` must not be empty", None),
    (
        f"{TURN}checks: [all_of: [{{not: {{any_of: [regex: '(']}}}}]]\n",
        "6:46",
        "not a regular expression: missing ), unterminated subpattern at position 0",
        REGEX_HINT,
    ),
    (f"{TURN}checks: [all_of: {{contains: x}}]\n", "6:22", "`all_of` must be a list", "begin each item with a dash"),
    (f"{TURN}checks: [contains_all: []]\n", "6:28", "`contains_all` must not be empty", None),
    (f"{TURN}checks: [contains_any: x]\n", "6:28", "`contains_any` must be a list", DASH_HINT),
    (f"{TURN}checks: [similar: x]\n", "6:23", "`similar` must be a mapping", "write it with its key: to"),
    (f"{TURN}checks: [similar: {{to: x, min: 80}}]\n", "6:36", "`min` must be at most 1", None),
    (f"{TURN}checks: [words: {{}}]\n", "6:21", "says no number: give min, max or both", None),
    (f"{TURN}checks: [words: {{min: 3, max: 2}}]\n", "6:21", "min is above max", None),
    (f"{TURN}checks: [json: {{}}]\n", "6:20", "says nothing of the value: give path, schema or equals", None),
    (f"{TURN}checks: [json: {{equal: 1}}]\n", "6:21", "unknown key `equal`", "did you mean `equals`?"),
    (
        f"{TURN}checks: [trajectory: {{calls: [f]}}]\n",
        "6:26",
        "`mode` is missing",
        "How the calls made compare with the list",
    ),
    (
        f"{TURN}checks: [trajectory: {{mode: strict, calls: [f]}}]\n",
        "6:33",
        "`mode` must be exact, in_order, any_order, subset or superset",
        None,
    ),
    (
        f"{TURN}checks: [trajectory: {{mode: exact, calls: [{{name: f, times: 2}}]}}]\n",
        "6:58",
        "unknown key `times`",
        "known here: arguments, exact, jmespath, name, regex, schema",
    ),
    (f"{TURN}checks: [parallel: [f]]\n", "6:24", "`parallel` must have at least 2 items, not 1", None),
    (f"{TURN}checks: [max_calls: many]\n", "6:25", "`max_calls` must be a whole number", None),
    (
        f"{TURN}checks: [steps: message]\n",
        "6:21",
        "`steps` must be a list or a mapping",
        "write it with its keys: mode, names",
    ),
    (f"{TURN}checks: [retrieved: {{file: a, within: 0}}]\n", "6:43", "`within` must be at least 1", None),
    (
        f"{TURN}checks: [code: {{}}]\n",
        "6:20",
        "says nothing of the code: give contains, regex, equals, logs or file",
        None,
    ),
    (
        f"{TURN}checks: [code: {{logs: {{tool_called: f}}}}]\n",
        "6:27",
        "`tool_called` is not a check of a text",
        f"write one of {', '.join(TEXT_CHECKS)}",
    ),
    (
        f"{TURN}checks: [code: {{logs: {{contains: x, weight: 2}}}}]\n",
        "6:20",
        "a weight stands beside code:, not inside",
        None,
    ),
    (f"{TURN}checks: [latency_ms: 5]\n", "6:26", "`latency_ms` must be a mapping", "write it with its key: max"),
    (f"{TURN}checks: [tokens: {{max: 5, of: cached}}]\n", "6:35", "`of` must be total, input or output", None),
    (
        f"{TURN}checks: [python: checks.polite]\n",
        "6:22",
        "`python` may not be 'checks.polite'",
        "write FILE:FUNCTION, for example checks:polite for the function polite of checks.py",
    ),
    (f"{TURN}mocks: {{q: {{return: 1}}}}\n", "6:16", "`return` is not a mock", "did you mean `returns`?"),
    (f"{TURN}mocks: {{q: 1}}\n", "6:16", "not a mock", MOCK_HINT),
    (
        f"{TURN}mocks: {{q: {{sequence: [1]}}}}\n",
        "6:28",
        "not an answer",
        "write returns: VALUE, or one of error, malformed, template, python",
    ),
    (
        f"{TURN}mocks: {{q: {{returns: 1, sequence: []}}}}\n",
        "6:29",
        "unknown key `sequence`",
        "only one of returns, sequence can stand here",
    ),
    # ScriptedModel
    (
        f"{MODEL}{{user: a}}\n",
        "4:5",
        "a rule does one thing: give exactly one of reply, call, code, search, error (given: none)",
        None,
    ),
    (
        f"{MODEL}{{user: 'a{{9999999999}}', reply: x}}\n",
        "4:12",
        "not a regular expression: the repetition number is too large",
        REGEX_HINT,
    ),
    (
        f"{MODEL}{{call: [quiz]}}\n",
        "4:13",
        "an item of `call` must be a mapping",
        "write it with its key: name",
    ),
    # Project
    (
        f"{PROJECT}prices: {{m: {{input: 1}}}}\ntargets: {{local: {{provider: local}}}}\n",
        "3:13",
        "`output` is missing",
        "USD for a million output tokens",
    ),
    (f"{PROJECT}targets: {{}}\n", "3:10", "`targets` must not be empty", None),
    (f"{PROJECT}targets: {{local: {{}}}}\n", "3:18", "`provider` is missing", "Which protocol it speaks"),
    (
        f"{PROJECT}targets: {{local: {{provider: lcal}}}}\n",
        "3:29",
        "`provider` must be local, assistants, agents or responses",
        "did you mean `local`?",
    ),
]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "-x", "a b", "é", "a\\b", "x" * 65, ""])
def test_a_target_cannot_be_called_what_no_file_may_be(tmp_path, name):
    text = f"{PROJECT}targets: {{{json.dumps(name)}: {{provider: local}}}}\n"
    assert [str(each.position) for each in problems(tmp_path, text)] == ["a.yaml:3:11"]


@pytest.mark.parametrize(("text", "place", "message", "hint"), BAD, ids=[f"{n}-{row[2]}" for n, row in enumerate(BAD)])
def test_what_an_author_is_told(tmp_path, text, place, message, hint):
    found = [(str(each.position), each.message, each.hint) for each in problems(tmp_path, text)]
    assert found == [(f"a.yaml:{place}", message, hint)]


def test_every_problem_of_a_document_is_told(tmp_path):
    text = "kind: Assistant\nname: A\ntemperature: 5\ntools: [a, {function: 5}]\nmetdata: {}\n"
    assert sorted(str(each) for each in problems(tmp_path, text)) == [
        "a.yaml:1:1: `model` is missing",
        "a.yaml:2:7: `name` may not be 'A'",
        "a.yaml:3:14: `temperature` must be at most 2",
        "a.yaml:4:23: `function` must be text",
        "a.yaml:4:9: an item of `tools` must be code_interpreter or file_search",
        "a.yaml:5:1: unknown key `metdata`",
    ]


@pytest.mark.parametrize(
    "written", ["sk-123", "{env: sk-123}", "{evn: sk-123}", "[sk-123]", "{command: 'sk-123 \"'}", "{command: ''}"]
)
def test_a_key_written_in_a_spec_is_not_repeated(tmp_path, written):
    found = problems(tmp_path, f"{PROJECT}targets: {{local: {{provider: local, api_key: {written}}}}}\n")
    assert {each.message for each in found} == {"`api_key` is not a reference to a secret"}
    assert {each.hint for each in found} == {SECRET_HINT}
    assert "sk-123" not in repr(found)


def test_every_target_is_judged(tmp_path):
    text = f"{PROJECT}targets: {{local: {{provider: local}}, other: {{provider: local, querry: {{}}}}}}\n"
    assert [str(each) for each in problems(tmp_path, text)] == ["a.yaml:3:62: unknown key `querry`"]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.yaml", "kind: Function\n", "Function"),
        ("a.yaml", "name: a\n", None),
        ("a.yaml", "kind: 5\n", None),
        ("a.yaml", "- kind\n", None),
        ("a.scenario.yaml", "name: a\n", "Scenario"),
        ("a.scenario.yaml", "kind: Assistant\n", "Assistant"),
        ("a.assistant.md", "---\nname: a\n---\nHello\n", "Assistant"),
    ],
)
def test_a_kind_is_declared_or_told_by_the_file_name(tmp_path, name, text, kind):
    assert get_kind(document_of(tmp_path, text, name)) == kind


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "5\n"])
def test_a_spec_is_a_mapping(tmp_path, text):
    document = document_of(tmp_path, text)
    shaped = shape(document, Assistant, document.data)
    assert isinstance(shaped, list)
    assert [str(each) for each in shaped] == ["a.yaml:1:1: a spec is a mapping"]


def test_attributes_keep_their_types(tmp_path):
    text = f"{STORE}files: [{{path: x, attributes: {{a: true, b: 1, c: 1.5, d: '1', e: no}}}}]\n"
    document = document_of(tmp_path, text)
    store = shape(document, VectorStore, document.data)
    assert isinstance(store, VectorStore)
    assert store.files is not None
    attributes = store.files[0].attributes
    assert [(type(value).__name__, value) for value in attributes.values()] == [
        ("bool", True),
        ("int", 1),
        ("float", 1.5),
        ("str", "1"),
        ("str", "no"),
    ]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        (", ".join(f"a{number}: x" for number in range(14)), None),
        (", ".join(f"a{number}: x" for number in range(15)), "attributes"),
        (f"{'k' * 64}: {'v' * 512}", None),
        (f"{'k' * 65}: x", "64"),
        (f"a: {'v' * 513}", "512"),
        ("orch.path: x", "orch."),
    ],
)
def test_attributes_keep_to_the_limits_of_the_api(tmp_path, attributes, said):
    text = f"{STORE}files: [{{path: x, attributes: {{{attributes}}}}}]\n"
    document = document_of(tmp_path, text)
    shaped = shape(document, VectorStore, document.data)
    if said is None:
        assert isinstance(shaped, VectorStore)
    else:
        assert isinstance(shaped, list)
        assert said in str(shaped[0])
        assert str(shaped[0]).startswith("a.yaml:")
