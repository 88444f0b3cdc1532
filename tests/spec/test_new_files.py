"""Whatever is written reads back as it was, and nothing is replaced."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.model.fields import equal
from orchestrator.model.language import FileText
from orchestrator.spec.new_files import UnwritableError, prompt_text, spec_text, write_new
from orchestrator.spec.prompts import PromptReader
from orchestrator.spec.reader import Document, read_documents
from orchestrator.spec.template import render
from tests.spec.test_verbatim import TEXTS

WORDS = TEXTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["no", "1e5", "<<", ""])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda item: st.lists(item, max_size=3) | st.dictionaries(WORDS, item, max_size=3),
)
NOBODY = Document(Path("a.yaml"), "a.yaml", {}, {}, ())
STEADY = settings(max_examples=300, deadline=None, derandomize=True)


def rendered(value):
    match value:
        case str():
            return render(value, {})
        case dict():
            return {key: rendered(item) for key, item in value.items()}
        case list():
            return [rendered(item) for item in value]
        case _:
            return value


@STEADY
@given(value=VALUES)
def test_a_spec_reads_back_as_it_was(value, tmp_path_factory):
    data = {"kind": "Function", "value": value}
    file = tmp_path_factory.getbasetemp() / "spec.yaml"
    file.write_bytes(spec_text(data).encode())
    reading = read_documents(file, "spec.yaml")
    assert not reading.problems
    assert equal(rendered(reading.documents[0].data), data)


@STEADY
@given(text=TEXTS)
def test_a_prompt_file_reads_back_as_it_was(text, tmp_path_factory):
    made = prompt_text(text)
    assert (made is None) == (text != text.strip("\n"))
    if made is not None:
        file = tmp_path_factory.getbasetemp() / "prompt.md"
        file.write_bytes(made.encode())
        assert (
            PromptReader(file.parent, file.parent, {}).read_file(
                replace(NOBODY, path=file.parent / "a.yaml"), FileText(file="prompt.md")
            )
            == text
        )


@pytest.mark.parametrize("text", ["a\0b", "one\n<<<<<<< two", "\ud800", "line end\n", "\nline"])
def test_what_a_prompt_file_cannot_hold_is_said(text):
    assert prompt_text(text) is None


@pytest.mark.parametrize("value", ["\ud800", float("inf"), float("nan"), 10**500])
def test_what_yaml_cannot_hold_is_refused(value):
    with pytest.raises(UnwritableError):
        spec_text({"kind": "Assistant", "value": value})


def test_how_a_spec_looks():
    data = {
        "kind": "VectorStore",
        "name": "no",
        "text": "one\n  two\n",
        "tools": ["code_interpreter", {"file_search": {"vector_stores": ["papers"]}}, {"function": "quiz"}],
        "metadata": {"a": "1e5", "on": "2026-11-23", "b": "true", "c": "1:30", "d": "0x10", "e": "plain: text"},
        "braces": "{{ x }}",
        "long": ["a value of some length"] * 5,
    }
    assert spec_text(data, ["A remark.", "an id: x\ny: z"]) == (
        "# A remark.\n# 'an id: x\\ny: z'\n"
        "kind: VectorStore\nname: 'no'\ntext: |\n  one\n    two\n"
        "tools:\n  - code_interpreter\n  - file_search: {vector_stores: [papers]}\n  - function: quiz\n"
        "metadata: {a: '1e5', 'on': '2026-11-23', b: 'true', c: '1:30', d: '0x10', e: 'plain: text'}\n"
        "braces: '{% raw %}{{ x }}{% endraw %}'\n"
        "long:\n" + "  - a value of some length\n" * 5
    )


def test_files_are_new_or_none_is_written(tmp_path):
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"b\.yaml exists already"):
        write_new({tmp_path / "a.yaml": "a", tmp_path / "b.yaml": "b"})
    assert os.listdir(tmp_path) == ["b.yaml"]


def test_a_file_with_the_same_text_stays_and_is_not_taken_away(tmp_path):
    (tmp_path / "a.yaml").write_text("a")
    written = write_new({tmp_path / "a.yaml": "a", tmp_path / "b.yaml": "b"})
    assert written.files == (tmp_path / "b.yaml",)
    written.remove()
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_folder_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_new({tmp_path / "new" / "in" / "a.yaml": "a", tmp_path / "file" / "b.yaml": "b"})
    assert os.listdir(tmp_path) == ["file"]


def test_what_was_written_can_be_taken_away_and_folders_of_others_stay(tmp_path):
    (tmp_path / "mine").mkdir()
    names = ("new/a.yaml", "new/in/b.yaml", "mine/c.yaml")
    written = write_new({tmp_path / name: "a\r\n" for name in names})
    assert (tmp_path / "new" / "a.yaml").read_bytes() == b"a\r\n"
    assert not [name for name in os.listdir(tmp_path / "new") if name.startswith(".")]
    written.remove()
    assert os.listdir(tmp_path) == ["mine"]
