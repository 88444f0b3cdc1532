"""Prompts in files: what they include, and every fault at its own file and line."""

import os
from pathlib import Path

import pytest

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.language import FileText
from orchestrator.spec.prompts import PromptReader
from orchestrator.spec.reader import read_documents
from orchestrator.spec.template import Scope

CONTEXT = {"vars": Scope("vars", {"tone": "짧게"}, "define it"), "target": {"name": "local"}}


def read(root: Path, files: dict[str, str | bytes], name: str = "p/main.md") -> str | Diagnostic:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    spec = root / "a.yaml"
    spec.write_text(f"kind: Assistant\ninstructions: {{file: '{name}'}}\n")
    document = read_documents(spec, "a.yaml").documents[0]
    return PromptReader(root, root, CONTEXT).read_file(document, FileText(file=name))


def fault(root: Path, files: dict[str, str | bytes], name: str = "p/main.md") -> Diagnostic:
    found = read(root, files, name)
    assert isinstance(found, Diagnostic), found
    return found


def test_a_prompt_is_rendered_without_the_empty_lines_around_it(tmp_path):
    assert (
        read(tmp_path, {"p/main.md": "\n\n# 튜터\n\n{{ vars.tone }} {{ target.name }}\n\n"}) == "# 튜터\n\n짧게 local"
    )
    assert read(tmp_path, {"p/main.md": "\ufeffa\r\nb\r\n"}) == "a\nb"
    assert read(tmp_path, {"p/main.md": ""}) == ""


def test_includes_are_relative_to_the_prompt_and_may_repeat_and_nest(tmp_path):
    files: dict[str, str | bytes] = {
        "p/main.md": "1\n{% include 'parts/a.md' %}\n{% include 'parts/b.md' %}\n{% include \"../c.md\" %}\n9\n",
        "p/parts/a.md": "a {% include 'parts/b.md' %}\n",
        "p/parts/b.md": "{{ vars.tone }}\n",
        "c.md": "c",
    }
    assert read(tmp_path, files) == "1\na 짧게\n짧게\nc\n9"


def test_a_missing_file_is_named_where_it_is_asked_for(tmp_path):
    found = fault(tmp_path, {"p/mian.md": "x"})
    assert (found.message, found.hint) == ("there is no file `p/main.md`", "did you mean `mian.md`?")
    assert found.position == Position("a.yaml", 2, 22)
    assert fault(tmp_path, {}, "gone/x.md").hint == "paths are relative to a.yaml"
    assert fault(tmp_path, {}, "p").message == "there is no file `p`"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "a/../\n"])
def test_a_name_no_file_can_have(tmp_path, name):
    spec = tmp_path / "a.yaml"
    spec.write_text("instructions: {file: x}\n")
    document = read_documents(spec, "a.yaml").documents[0]
    found = PromptReader(tmp_path, tmp_path, {}).read_file(document, FileText(file=name))
    assert isinstance(found, Diagnostic)
    assert found.message.startswith("there is no file")


@pytest.mark.parametrize("name", ["../secret.md", "/etc/hostname", "link.md", "folder/secret.md"])
def test_nothing_outside_the_project_is_read(tmp_path, name):
    (tmp_path / "secret.md").write_text("secret")
    root = tmp_path / "project"
    root.mkdir()
    os.symlink("../secret.md", root / "link.md")
    os.symlink("..", root / "folder")
    found = fault(root, {}, name)
    assert found.message == f"`{name}` lies outside the project"
    assert found.position.line == 2
    inner = fault(root, {"main.md": f"one\n{{% include '{name}' %}}\n"}, "main.md")
    assert inner.message == f"`{name}` lies outside the project"
    assert inner.position == Position("main.md", 2, 13)


def test_a_link_within_the_project_is_read(tmp_path):
    (tmp_path / "p").mkdir()
    os.symlink("real.md", tmp_path / "p/main.md")
    assert read(tmp_path, {"p/real.md": "x"}) == "x"


@pytest.mark.parametrize(
    ("files", "circle", "where"),
    [
        ({"p/main.md": "\n{% include 'main.md' %}"}, "main.md -> main.md", Position("p/main.md", 2, 13)),
        (
            {
                "p/main.md": "{% include 'a.md' %}",
                "p/a.md": "{% include 'b.md' %}",
                "p/b.md": "x\n{% include 'a.md' %}",
            },
            "main.md -> a.md -> b.md -> a.md",
            Position("p/b.md", 2, 13),
        ),
        (
            {"p/main.md": "{% include 'a.md' %}", "p/a.md": "{% include '../p/main.md' %}"},
            "main.md -> a.md -> ../p/main.md",
            Position("p/a.md", 1, 13),
        ),
    ],
)
def test_a_circle_of_includes_is_drawn(tmp_path, files, circle, where):
    found = fault(tmp_path, files)
    assert found.message == f"prompts include each other in a circle: {circle}"
    assert found.position == where


def test_a_circle_under_different_spellings_ends_too(tmp_path):
    files: dict[str, str | bytes] = {
        "p/main.md": "{% include 'a.md' %}",
        "p/a.md": "{% include './b.md' %}",
        "p/b.md": "{% include './a.md' %}",
    }
    assert "in a circle" in fault(tmp_path, files).message


@pytest.mark.parametrize(
    ("files", "where", "message"),
    [
        ({"p/main.md": "\n\none\n{{ vars.toen }}\n"}, Position("p/main.md", 4, 4), "vars.toen is not defined"),
        (
            {"p/main.md": "1\n2\n{% include 'a.md' %}", "p/a.md": "\n\n\n {{ vars.toen }}"},
            Position("p/a.md", 4, 5),
            "vars.toen is not defined",
        ),
        (
            {"p/main.md": "{% include 'a.md' %}", "p/a.md": "\n{% if %}"},
            Position("p/a.md", 2, 1),
            "not a valid template",
        ),
        ({"p/main.md": "one\n{{ x"}, Position("p/main.md", 2, 1), "not a valid template"),
        ({"p/main.md": "one\n{% include vars.tone %}"}, Position("p/main.md", 2, 1), "an include names one file"),
        ({"p/main.md": "one\n{% include 'b.md' %}", "p/bb.md": ""}, Position("p/main.md", 2, 13), "there is no file"),
        ({"p/main.md": "<<<<<<< HEAD\n"}, Position("p/main.md", 1, 1), "merge conflict marker"),
        (
            {"p/main.md": "{% include 'a.md' %}", "p/a.md": "x\n>>>>>>> b\n"},
            Position("p/a.md", 2, 1),
            "merge conflict marker",
        ),
        ({"p/main.md": b"\x89PNG\r\n\x1a\n"}, Position("p/main.md", 1, 1), "not UTF-8 text"),
        ({"p/main.md": "{% include 'a.md' %}", "p/a.md": b"ab\0"}, Position("p/a.md", 1, 3), "binary data"),
    ],
)
def test_a_fault_stands_at_its_own_file_and_line(tmp_path, files, where, message):
    found = fault(tmp_path, files)
    assert found.message.startswith(message)
    assert found.position == where
    if not message.startswith(("not UTF-8", "binary")):
        content = files[where.file]
        assert found.excerpt == content.split("\n")[where.line - 1]


def test_the_body_of_a_markdown_assistant_counts_the_files_lines(tmp_path):
    spec = tmp_path / "t.assistant.md"
    spec.write_text("---\nmodel: m\n---\n\n\nHello\n{{ vars.toen }}\n")
    document = read_documents(spec, "t.assistant.md").documents[0]
    found = PromptReader(tmp_path, tmp_path, CONTEXT).read_body(document)
    assert isinstance(found, Diagnostic)
    assert found.position == Position("t.assistant.md", 7, 4)
    assert found.hint == "did you mean `vars.tone`?"


def test_a_marker_in_raw_is_text(tmp_path):
    raw = "{% raw %}{% include 'x.md' %} {{ x }}{% endraw %}"
    assert read(tmp_path, {"p/main.md": raw}) == "{% include 'x.md' %} {{ x }}"
