"""One project with everything wrong in it: every problem is told at once, at its place, with what to do."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.spec.loader import Ask, load
from orchestrator.spec.shape import KINDS

BAD = {
    "orch.yaml": """\
        kind: Project
        name: bad
        targets:
          local:
            provider: local
            overrides:
              assistant.tutro: {model: gpt-5}
        variables:
          first: "{{ vars.second }}"
          second: "{{ vars.first }}"
        """,
    "assistants.yaml": """\
        kind: Assistant
        name: duplicate-key
        model: gpt-4o
        model: gpt-5
        ---
        kind: Assistant
        name: unknown-key
        model: gpt-4o
        instrucions: hello
        ---
        kind: Assistant
        name: tutor
        model: gpt-4o
        instructions: |
          Be kind.
          Be {{ vars.tnoe }}.
        ---
        kind: Assistant
        name: missing-references
        model: gpt-4o
        instructions: {file: ../outside.md}
        tools:
          - function: display_quizz
          - file_search: {vector_stores: [paper]}
        ---
        kind: Assistant
        name: circle
        model: gpt-4o
        instructions: {file: prompts/a.md}
        ---
        kind: Assistant
        name: binary
        model: gpt-4o
        instructions: {file: prompts/binary.md}
        """,
    "functions.yaml": """\
        kind: Function
        name: display_quiz
        parameters:
          type: object
          properties:
            title: {type: strng}
        ---
        kind: Function
        name: strict
        strict: true
        parameters:
          type: object
          properties: {title: {type: string}}
        """,
    "stores.yaml": """\
        kind: VectorStore
        name: papers
        files:
          - path: papers/broken.pdf
          - path: papers/binary.txt
          - path: papers/nothing/*.md
          - path: ../outside.txt
          - path: papers/fine.md
          - path: papers/*.md
        """,
    "one.scenario.yaml": """\
        name: same
        assistant: circle
        turns:
          - user: 안녕
            checks: [{contains: 네}, {regex: "("}]
        """,
    "two.scenario.yaml": """\
        name: same
        assistant: circle
        turns: [user: hello]
        """,
    "three.scenario.yaml": """\
        name: same
        assistant: crcle
        turns: [user: hello]
        """,
    "conflict.yaml": "kind: Assistant\n<<<<<<< HEAD\nname: a\n",
    "binary.yaml": b"\x89PNG\r\n\x1a\n\xff",
    "quote.yaml": "kind: 'half\n",
    "half.assistant.md": "---\nname: half\nmodel: gpt-4o\n",
    "prompts/a.md": 'Before\n{% include "b.md" %}\n',
    "prompts/b.md": '{% include "a.md" %}\n',
    "prompts/binary.md": b"\x00\x01",
    "papers/broken.pdf": b"%PDF-1.7 and no end",
    "papers/binary.txt": b"\x00\x01\x02",
    "papers/fine.md": "fine",
}
EXPECTED = """\
assistants.yaml:4:1: duplicate key `model`
assistants.yaml:9:1: unknown key `instrucions`
assistants.yaml:16:9: vars.tnoe is not defined
assistants.yaml:21:22: `../outside.md` lies outside the project
assistants.yaml:23:15: no Function is called `display_quizz`
assistants.yaml:24:35: no VectorStore is called `paper`
binary.yaml:1:1: not UTF-8 text (is it a binary file?)
conflict.yaml:2:1: merge conflict marker
functions.yaml:6:19: not valid JSON Schema: "strng" is no type
functions.yaml:12:3: with strict: true every object is closed
functions.yaml:12:3: with strict: true every property is required: title
half.assistant.md:1:1: the front matter has no end
one.scenario.yaml:5:37: not a regular expression: missing ), unterminated subpattern at position 0
orch.yaml:7:7: an override for `assistant.tutro`, which no spec declares
orch.yaml:9:14: vars refer to each other in a circle: first -> second -> first
orch.yaml:10:15: vars refer to each other in a circle: second -> first -> second
prompts/b.md:1:13: prompts include each other in a circle: a.md -> b.md -> a.md
prompts/binary.md:1:1: binary data where text is meant (a NUL character)
quote.yaml:2:1: not valid YAML: found unexpected end of stream while scanning a quoted scalar begun on line 1
stores.yaml:4:11: papers/broken.pdf: a broken PDF: its end is missing
stores.yaml:5:11: papers/binary.txt: binary data where text is meant
stores.yaml:6:11: no file matches `papers/nothing/*.md`
stores.yaml:7:11: `../outside.txt` lies outside the project
stores.yaml:9:11: papers/fine.md is listed twice here
three.scenario.yaml:2:12: no Assistant is called `crcle`
two.scenario.yaml:1:7: two specs of kind Scenario are called `same`
"""


def problems(root: Path) -> list[tuple[str, str | None]]:
    with pytest.raises(SpecError) as caught:
        load(Ask(start=root, cwd=root))
    return [(str(each), each.hint) for each in caught.value.diagnostics]


def test_every_problem_is_told_at_once(write):
    root = write(BAD)
    (root.parent / "outside.md").write_text("secret")
    (root.parent / "outside.txt").write_text("secret")
    before = sorted(root.rglob("*"))
    found = problems(root)
    assert "\n".join(message for message, _ in found) + "\n" == EXPECTED
    assert not [message for message, hint in found if not hint]
    assert sorted(root.rglob("*")) == before, "nothing is written"


# Whatever is written, a project is loaded or refused.

WORDS = sorted(
    {"kind", "orch.x", "files", "returns", "file", "function", "file_search", "name", "min", "max", "metadata"}
    | {field for kind in KINDS.values() for field in kind.model_fields}
)
TEXTS = st.sampled_from(
    [*KINDS, *WORDS, "a", "*", "{{ vars.a }}", "{{ nope }}", "{% if", "..", "../x", "\0", "x" * 300, "(", "", "é수"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda item: st.lists(item, max_size=3) | st.dictionaries(TEXTS, item, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.builds(
    lambda kind, name, rest: {"kind": kind, "name": name, **rest},
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(["a", "b"]) | VALUES,
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6),
)
PROJECT = {"kind": "Project", "name": "p", "targets": {"local": {"provider": "local"}}, "variables": {"a": "b"}}


def diagnostics_of(root: Path) -> tuple[Diagnostic, ...]:
    try:
        load(Ask(start=root, cwd=root))
    except SpecError as error:
        return error.diagnostics
    return ()


def load_or_refuse(root: Path) -> None:
    for each in diagnostics_of(root):
        lines = (root / each.position.file).read_text().split("\n")
        assert 1 <= each.position.line <= len(lines)
        assert 1 <= each.position.column <= len(lines[each.position.line - 1]) + 1
        assert not each.message.endswith(".")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_any_documents_load_or_are_refused(tmp_path, documents):
    (tmp_path / "orch.yaml").write_text(json.dumps(PROJECT))
    (tmp_path / "a.yaml").write_text("\n---\n".join(json.dumps(one, indent=1) for one in documents))
    load_or_refuse(tmp_path)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(KINDS["Project"].model_fields)), VALUES, max_size=5), VALUES)
def test_any_project_loads_or_is_refused(tmp_path, settings_, overrides):
    project = {**PROJECT, "targets": {"local": {"provider": "local", "overrides": {"assistant.a": overrides}}}}
    (tmp_path / "orch.yaml").write_text(json.dumps({**project, **settings_}, indent=1))
    (tmp_path / "a.yaml").write_text("kind: Assistant\nname: a\nmodel: m\ntools: [code_interpreter]\n")
    load_or_refuse(tmp_path)
