"""References, files and functions are resolved; what leads nowhere is told where it is written."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SpecError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref
from orchestrator.model.judges import get_instructions
from orchestrator.model.project import Project
from orchestrator.spec.loader import Ask, load

HEAD = "kind: Project\nname: p\ntargets: {local: {provider: local}}\n"
TUTOR = "kind: Assistant\nname: tutor\nmodel: m\n"
QUIZ = "kind: Function\nname: display_quiz\n"
STORE = "kind: VectorStore\nname: papers\n"
SCENARIO = "kind: Scenario\nname: s\nassistant: tutor\n"
TUTORS = f"{TUTOR}tools: [function: display_quiz]\n---\n{QUIZ}---\n"


@pytest.fixture
def project(write):
    def load_specs(text: str, more: Mapping[str, str | bytes] | None = None) -> Project:
        root = write({"orch.yaml": HEAD, "a.yaml": text, **(more or {})})
        return load(Ask(start=root, cwd=root))

    return load_specs


@pytest.fixture
def told(project):
    def problems(text: str, more: Mapping[str, str | bytes] | None = None) -> list[tuple[str, str | None]]:
        with pytest.raises(SpecError) as caught:
            project(text, more)
        return [(str(each), each.hint) for each in caught.value.diagnostics]

    return problems


def fields(project: Project, kind: Kind = Kind.ASSISTANT, name: str = "tutor") -> Mapping[str, Any]:
    return project.resources[Address(kind, name)].fields


# Assistants


def test_an_assistant_with_its_tools(project):
    tools = "tools: [code_interpreter, function: display_quiz, file_search: {vector_stores: [papers]}]\n"
    found = project(f"{TUTOR}{tools}---\n{QUIZ}---\n{STORE}")
    papers = Address(Kind.VECTOR_STORE, "papers")
    assert fields(found) == {
        "display_name": "tutor",
        "model": "m",
        "tools.code_interpreter": "code_interpreter",
        "tools.display_quiz": "function",
        "tools.display_quiz.description": None,
        "tools.display_quiz.parameters": {"type": "object", "properties": {}},
        "tools.display_quiz.strict": False,
        "tools.file_search": "file_search",
        "tools.file_search.vector_stores": [Ref(papers)],
    }
    resource = found.resources[Address(Kind.ASSISTANT, "tutor")]
    assert resource.whole == {"tools"}
    assert resource.references == {papers}
    assert str(resource.position) == "a.yaml:1:1"


def test_tools_that_are_not_declared_are_left_alone(project):
    resource = project(TUTOR).resources[Address(Kind.ASSISTANT, "tutor")]
    assert resource.whole == frozenset()
    assert not [path for path in resource.fields if path.startswith("tools")]
    empty = project(f"{TUTOR}tools: []\n").resources[Address(Kind.ASSISTANT, "tutor")]
    assert empty.whole == {"tools"}


def test_a_function_nobody_uses_is_fine(project):
    assert len(project(f"{TUTOR}---\n{QUIZ}").resources) == 1


@pytest.mark.parametrize(
    ("tools", "place", "message", "hint"),
    [
        (
            "[function: display_quizz]",
            "4:19",
            "no Function is called `display_quizz`",
            "did you mean `display_quiz`?",
        ),
        ("[function: zzz]", "4:19", "no Function is called `zzz`", "there are: display_quiz"),
        (
            "[file_search: {vector_stores: [papers]}]",
            "4:39",
            "no VectorStore is called `papers`",
            "there are: none",
        ),
        ("[file_search, file_search: {}]", "4:22", "the tool `file_search` is listed twice", "keep one"),
        (
            "[function: display_quiz, function: display_quiz]",
            "4:33",
            "the tool `display_quiz` is listed twice",
            "keep one",
        ),
    ],
)
def test_tools_that_lead_nowhere(told, tools, place, message, hint):
    assert told(f"{TUTOR}tools: {tools}\n---\n{QUIZ}") == [(f"a.yaml:{place}: {message}", hint)]


def test_a_function_with_a_name_of_its_own_for_the_model(project, told):
    second = "kind: Function\nname: quiz-2\ndisplay_name: display_quiz\nstrict: true\n"
    closed = "parameters: {type: object, properties: {}, additionalProperties: false}\n"
    text = f"{TUTOR}tools: [function: quiz-2]\n---\n{QUIZ}---\n{second}{closed}---\n{SCENARIO}"
    found = fields(project(f"{text}turns: [{{user: hi, mocks: {{display_quiz: {{returns: 1}}}}}}]\n"))
    assert {path for path in found if path.startswith("tools.")} == {
        "tools.display_quiz",
        *(f"tools.display_quiz.{key}" for key in ("description", "parameters", "strict")),
    }
    assert found["tools.display_quiz.strict"] is True
    (unknown,) = told(f"{text}turns: [{{user: hi, mocks: {{quiz-2: {{returns: 1}}}}}}]\n")
    assert "assistant `tutor` has no function `quiz-2`" in unknown[0]
    assert unknown[1] == "it has: display_quiz"
    (twice,) = told(f"{TUTOR}tools: [function: quiz-2, function: display_quiz]\n---\n{QUIZ}---\n{second}{closed}")
    assert twice == ("a.yaml:4:27: the tool `display_quiz` is listed twice", "keep one")


def test_the_schema_of_a_structured_reply_is_checked(told):
    reply = "response_format:\n  json_schema:\n    name: x\n    strict: true\n    schema: "
    assert told(f"{TUTOR}{reply}{{type: strng}}\n") == [
        (
            'a.yaml:8:20: not valid JSON Schema: "strng" is no type',
            "write array, boolean, integer, null, number, object or string",
        )
    ]
    assert told(f"{TUTOR}{reply}{{type: object}}\n") == [
        ("a.yaml:8:13: with strict: true every object is closed", "add additionalProperties: false")
    ]


def test_a_markdown_assistant(project):
    text = "---\nname: guide\nmodel: m\n---\n\nBe kind.\n"
    found = project(TUTOR, {"guide.assistant.md": text.replace("\n", "\r\n")})
    assert fields(found, name="guide")["instructions"] == "Be kind."


def test_instructions_twice(told):
    text = "---\nname: guide\nmodel: m\ninstructions: x\n---\nBe kind.\n"
    assert told(TUTOR, {"guide.assistant.md": text}) == [
        (
            "guide.assistant.md:4:1: instructions are given twice: as a field and as the Markdown below",
            "keep the Markdown",
        )
    ]


# One name, one spec


def test_one_address_twice_in_a_file_and_over_files(told):
    assert told(f"{TUTOR}---\n{TUTOR}", {"b.yaml": TUTOR}) == [
        (
            "a.yaml:6:7: two specs of kind Assistant are called `tutor`",
            "the other is at a.yaml:2:7; rename or remove one",
        ),
        (
            "b.yaml:2:7: two specs of kind Assistant are called `tutor`",
            "the other is at a.yaml:2:7; rename or remove one",
        ),
    ]


def test_a_name_may_be_used_once_a_kind(project):
    found = project(f"{TUTOR}---\nkind: VectorStore\nname: tutor\n---\nkind: Function\nname: tutor\n")
    assert sorted(map(str, found.resources)) == ["assistant.tutor", "vector_store.tutor"]


# Scenarios


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mocks: {display_quz: {returns: 1}}\nturns: [user: hi]\n", "12:9"),
        ("turns:\n  - user: hi\n    mocks: {display_quz: {returns: 1}}\n", "14:13"),
        ("turns:\n  - user: hi\n    checks: [tool_called: display_quz]\n", "14:27"),
        ("turns:\n  - user: hi\n    checks: [tool_called: {name: display_quz}]\n", "14:34"),
        ("turns: [user: hi]\nchecks: [tool_not_called: display_quz]\n", "13:27"),
    ],
)
def test_functions_the_assistant_does_not_have(told, text, place):
    message = f"a.yaml:{place}: assistant `tutor` has no function `display_quz`"
    assert told(f"{TUTORS}{SCENARIO}{text}") == [(message, "did you mean `display_quiz`?")]


def test_a_scenario_of_an_unknown_assistant(told):
    assert told(f"{TUTOR}---\nkind: Scenario\nname: s\nassistant: tutr\nturns: [user: hi]\n") == [
        ("a.yaml:7:12: no Assistant is called `tutr`", "did you mean `tutor`?")
    ]


def test_a_scenario_knows_its_file(project, tmp_path):
    (found,) = project(f"{TUTOR}---\n{SCENARIO}turns: [user: hi]\n").scenarios
    assert (str(found.position), found.path) == ("a.yaml:5:1", tmp_path / "a.yaml")


# Files of vector stores


def test_files_with_what_they_share(project, tmp_path):
    entries = """\
files:
  - {path: papers/*.md, attributes: {topic: lm, year: 2026}}
  - {path: notes.txt, chunking: {max_chunk_size_tokens: 200, chunk_overlap_tokens: 50}}
"""
    found = project(STORE + entries, {"papers/b.md": "b", "papers/a.md": "a", "notes.txt": "n"})
    resource = found.resources[Address(Kind.VECTOR_STORE, "papers")]
    auto = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
    assert resource.fields == {
        "display_name": "papers",
        'files["papers/a.md"]': {
            "sha256": hashlib.sha256(b"a").hexdigest(),
            "attributes": {"topic": "lm", "year": 2026},
            "chunking": auto,
        },
        'files["papers/b.md"]': {
            "sha256": hashlib.sha256(b"b").hexdigest(),
            "attributes": {"topic": "lm", "year": 2026},
            "chunking": auto,
        },
        'files["notes.txt"]': {
            "sha256": hashlib.sha256(b"n").hexdigest(),
            "attributes": {},
            "chunking": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50},
        },
    }
    assert resource.whole == {"files"}
    assert resource.sources == {
        "papers/a.md": str(tmp_path / "papers" / "a.md"),
        "papers/b.md": str(tmp_path / "papers" / "b.md"),
        "notes.txt": str(tmp_path / "notes.txt"),
    }


@pytest.mark.parametrize(
    ("entries", "place", "message"),
    [
        ("[path: nope/*.md]", "3:15", "no file matches `nope/*.md`"),
        ("[path: half.pdf]", "3:15", "half.pdf: a broken PDF: its end is missing"),
        ("[path: data.txt]", "3:15", "data.txt: binary data where text is meant"),
        ("[path: x.exe]", "3:15", "x.exe: a vector store cannot read .exe"),
        ("[path: ../outside.md]", "3:15", "`../outside.md` lies outside the project"),
        ("[path: link.md]", "3:15", "`link.md` lies outside the project"),
        ("[{path: fine.md}, {path: fi*.md}]", "3:33", "fine.md is listed twice here"),
    ],
)
def test_files_that_cannot_be_in_a_store(write, told, entries, place, message):
    files = {"half.pdf": b"%PDF-1.7", "data.txt": b"\0\1", "x.exe": "x", "fine.md": "x"}
    root: Path = write(files)
    (root.parent / "outside.md").write_text("x")
    (root / "link.md").symlink_to(root.parent / "outside.md")
    assert [text for text, _ in told(f"{STORE}files: {entries}\n")] == [f"a.yaml:{place}: {message}"]


# Judges

JUDGE = "kind: Judge\nname: strict\nmodel: grader\n"


def test_a_judge_is_an_assistant_with_instructions_and_a_form_of_reply_of_orchs(project):
    found = project(f"{JUDGE}temperature: 0\nvotes: 3\ncriteria: [answers]\n")
    given = dict(fields(found, name="strict"))
    assert given.pop("instructions") == get_instructions(None)
    assert given.pop("response_format")["json_schema"]["strict"] is True
    assert given == {"display_name": "strict", "model": "grader", "temperature": 0}
    resource = found.resources[Address(Kind.ASSISTANT, "strict")]
    assert (resource.whole, str(resource.position)) == ({"tools"}, "a.yaml:1:1")


@pytest.mark.parametrize(
    ("written", "more"),
    [
        ("instructions: Be kind.\n", {}),
        ("instructions: {file: guide.md}\n", {"guide.md": "Be kind.\n"}),
        ("", {}),
    ],
)
def test_guidance_of_a_judge_stands_in_its_spec_or_in_a_file(project, written, more):
    guidance = "Be kind." if written else None
    assert fields(project(JUDGE + written, more), name="strict")["instructions"] == get_instructions(guidance)


def test_guidance_that_is_not_there_is_told(told):
    [(message, _)] = told(f"{JUDGE}instructions: {{file: gide.md}}\n")
    assert message == "a.yaml:4:22: there is no file `gide.md`"


def test_a_judge_and_an_assistant_of_one_name_are_told_at_both_places(told):
    both = JUDGE.replace("strict", "tutor")
    message = "a Judge and an Assistant are called `tutor`, and both would be assistant.tutor"
    assert told(TUTOR, {"b.yaml": both}) == [
        (f"a.yaml:2:7: {message}", "the Judge is at b.yaml:2:7; rename one"),
        (f"b.yaml:2:7: {message}", "the Assistant is at a.yaml:2:7; rename one"),
    ]


def test_a_quorum_that_cannot_be_is_told(told):
    [(message, _)] = told(f"{JUDGE}votes: 3\nquorum: 4\n")
    assert message == "a.yaml:1:1: a quorum of 4 cannot agree with votes: 3"


def test_a_target_may_have_another_judge_and_an_old_name_moves_on(write):
    head = (
        "kind: Project\nname: p\ntargets: {local: {provider: local, overrides: {judge.strict: {model: other}}}}\n"
        "moved: [{from: assistant.old, to: assistant.strict}]\n"
    )
    root = write({"orch.yaml": head, "a.yaml": JUDGE})
    assert fields(load(Ask(start=root, cwd=root)), name="strict")["model"] == "other"
