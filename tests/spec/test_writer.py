import difflib

import pytest

from orchestrator.spec.reader import read_documents
from orchestrator.spec.template import render
from orchestrator.spec.writer import Edit, EditError, Gone, edited

AUTHORS = """\
# A file with a style of its own
---
kind:   Assistant   # what it is
name: "tutor"

# how it talks
temperature:    0.20     # low
description: 'said so'
instructions: >-
    folded over
    two lines
tools:
- code_interpreter          # runs code
# searches
- file_search: {vector_stores: [ papers ],   max_num_results: 8}
-   function:   quiz
metadata: {team: education,   "x y": 'z'}
# the end of it
---
kind: Function
name: quiz
parameters:
    type: object
    properties:
        title:
            type: string   # short
        # how many
        count: {type: integer}
    required: [title, count]
"""


def changed_lines(after: str, before: str = AUTHORS) -> list[str]:
    diff = list(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0))[2:]
    return [line for line in diff if not line.startswith("@@")]


def first(*edits: Edit) -> list[str]:
    return changed_lines(edited(AUTHORS, 3, edits))


def second(*edits: Edit) -> list[str]:
    return changed_lines(edited(AUTHORS, 20, edits))


def test_nothing_to_change_changes_nothing():
    assert edited(AUTHORS, 3, []) == AUTHORS
    assert edited(AUTHORS, 20, [Edit(("name",), "quiz", "quiz")]) == AUTHORS


def test_one_value_is_one_line_with_its_comment():
    made = first(Edit(("temperature",), 0.2, 0.9))
    assert len(made) == 2
    assert made[0] == "-temperature:    0.20     # low"
    assert made[1].startswith("+temperature: 0.9 ")
    assert made[1].endswith("# low")


def test_quotes_stay_and_what_needs_them_gets_them():
    assert first(Edit(("name",), "tutor", 'a "b"')) == ['-name: "tutor"', '+name: "a \\"b\\""']
    assert first(Edit(("description",), "said so", "it's")) == ["-description: 'said so'", "+description: 'it''s'"]
    assert first(Edit(("kind",), "Assistant", "a: b # c"))[1].startswith("+kind: 'a: b # c'")


def test_a_value_inside_of_a_flow_mapping():
    path = ("tools", 1, "file_search")
    was = {"vector_stores": ["papers"], "max_num_results": 8}
    assert first(Edit(path, was, was | {"max_num_results": 5})) == [
        "-- file_search: {vector_stores: [ papers ],   max_num_results: 8}",
        "+- file_search: {vector_stores: [papers], max_num_results: 5}",
    ]


def test_items_and_keys_are_added_and_taken_out():
    assert first(Edit(("tools", 0), None, Gone.GONE)) == ["-- code_interpreter          # runs code"]
    assert first(Edit(("tools", 3), None, {"function": "other"})) == ["+- function: other"]
    assert first(Edit(("metadata", "x y"), "z", Gone.GONE))[1] == "+metadata: {team: education}"
    assert first(Edit(("reasoning_effort",), None, "low")) == ["+reasoning_effort: low"]
    gone = first(Edit(("tools", 1), None, Gone.GONE), Edit(("tools", 0), None, Gone.GONE))
    assert gone == [
        "-- code_interpreter          # runs code",
        "-# searches",
        "-- file_search: {vector_stores: [ papers ],   max_num_results: 8}",
    ]


def test_a_key_that_goes_leaves_the_comment_of_the_next():
    assert first(Edit(("name",), "tutor", Gone.GONE)) == ['-name: "tutor"']


def test_a_schema_is_changed_where_it_differs():
    was = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["title", "count"],
    }
    now = was | {"properties": {"title": {"type": "string", "maxLength": 9}, "count": {"type": "number"}}}
    assert second(Edit(("parameters",), was, now)) == [
        "+            maxLength: 9",
        "-        count: {type: integer}",
        "+        count: {type: number}",
    ]
    assert "            maxLength: 9\n        # how many\n" in edited(AUTHORS, 20, [Edit(("parameters",), was, now)])


@pytest.mark.parametrize("text", ["one\ntwo", "one\n\n  two: x\n# three\n", "{{ vars.x }}", "{% if %}\n{{ a }}"])
def test_texts_over_several_lines_and_templates_read_back(text, tmp_path):
    made = edited(AUTHORS, 3, [Edit(("instructions",), "folded over two lines", text)])
    file = tmp_path / "a.yaml"
    file.write_text(made, encoding="utf-8")
    from_file = read_documents(file, "a.yaml").documents[0].data
    assert render(from_file["instructions"], {}) == text
    assert from_file["tools"][2] == {"function": "quiz"}


def test_a_template_is_not_written_over():
    text = "a: {b: '{{ vars.x }}', c: 1}\n"
    with pytest.raises(EditError) as caught:
        edited(text, 1, [Edit(("a",), {"b": "now", "c": 1}, {"b": "other", "c": 1})])
    assert caught.value.path == ("a", "b")
    assert edited(text, 1, [Edit(("a",), {"b": "now", "c": 1}, {"b": "now", "c": 2})]) == text.replace("1", "2")
    with pytest.raises(EditError):
        edited(text, 1, [Edit(("a",), {"b": "now", "c": 1}, Gone.GONE)])


def test_what_a_program_cannot_edit_is_told():
    with pytest.raises(EditError, match="cannot be edited by a program"):
        edited("a: [1\n", 1, [])
    with pytest.raises(EditError):
        edited("- 1\n", 1, [])
