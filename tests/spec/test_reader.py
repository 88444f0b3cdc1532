"""Reading files: strict values, places, and every kind of broken file as a located message."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.spec.reader import Document, Reading, read_documents, read_text


def read(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> Reading:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_documents(file, name)


def one(reading: Reading) -> Document:
    assert reading.problems == ()
    assert len(reading.documents) == 1
    return reading.documents[0]


def problem(reading: Reading) -> Diagnostic:
    assert len(reading.problems) == 1, reading.problems
    return reading.problems[0]


def at(found: Diagnostic) -> tuple[int, int]:
    return found.position.line, found.position.column


def test_values_and_keys_know_their_places(tmp_path):
    document = one(read(tmp_path, "name: a\ntools:\n  - {function: quiz}\n  - code\ntext: |\n  one\n  two\n"))
    assert document.data == {"name": "a", "tools": [{"function": "quiz"}, "code"], "text": "one\ntwo\n"}
    assert document.position(("name",)) == Position("a.yaml", 1, 7)
    assert document.position(("name",), key=True) == Position("a.yaml", 1, 1)
    assert document.position(("tools", 0, "function")) == Position("a.yaml", 3, 16)
    assert document.position(("tools", 0, "function"), key=True) == Position("a.yaml", 3, 6)
    assert document.position(("tools", 1)) == Position("a.yaml", 4, 5)
    assert document.position(("text",)) == Position("a.yaml", 5, 7)
    assert document.places[("text",)].block
    assert not document.places[("name",)].block


def test_a_place_that_is_not_written_is_the_nearest_above(tmp_path):
    document = one(read(tmp_path, "a: 1\nb:\n  c: 2\n"))
    assert document.position(("b", "missing", "deep")) == Position("a.yaml", 3, 3)
    assert document.position(("missing",)) == Position("a.yaml", 1, 1)
    assert document.diagnostic("wrong", ("b", "c"), "mend it") == Diagnostic(
        "wrong", Position("a.yaml", 3, 6), "mend it", "  c: 2"
    )


def test_columns_count_characters_not_bytes(tmp_path):
    document = one(read(tmp_path, "{질문: 퀴즈를 만들어줘, 답: 네}\n"))
    assert document.position(("답",)) == Position("a.yaml", 1, 19)
    assert document.position(("답",), key=True) == Position("a.yaml", 1, 16)


def test_lines_are_those_an_editor_shows(tmp_path):
    document = one(read(tmp_path, 'a: "one\u2028two\x85three"\nb: 2\n'))
    assert document.position(("b",)) == Position("a.yaml", 2, 4)


def test_every_document_of_a_file_has_its_own_places(tmp_path):
    reading = read(tmp_path, "# head\n---\nkind: A\n---\n\nkind: B\n---\n# nothing\n...\n")
    assert [document.data for document in reading.documents] == [{"kind": "A"}, {"kind": "B"}]
    assert [document.position(("kind",)).line for document in reading.documents] == [3, 6]


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n---\n", "---\n# one\n...\n", "null\n", "\ufeff"])
def test_an_empty_file_has_no_documents(tmp_path, text):
    assert read(tmp_path, text) == Reading()


@pytest.mark.parametrize(
    "text",
    "no yes on off y n Yes TRUE True False NULL Null 1:30 0x10 0o17 010 1_000 .inf -.inf .nan .5 5. 1e 2026-11-23 "
    "2026-11-23T10:00:00Z 3.10.1 1.2.3 = <<x +-1 ++1 --1 0b1 0. 00 - 1,5 ４２".replace(" - ", " ").split(" "),
)
def test_what_is_not_plainly_more_is_text(tmp_path, text):
    assert one(read(tmp_path, f"a: {text}\n")).data == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1.5", 1.5),
        ("-0.0", -0.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("'true'", "true"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("!!int 1", 1),
        ("!!float 1.5", 1.5),
        ("!!null ''", None),
        ("'<<'", "<<"),
    ],
)
def test_plain_words_and_numbers(tmp_path, text, value):
    found = one(read(tmp_path, f"a: {text}\n")).data["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "duplicate key `a`", "first given on line 1; keep one"),
        ("a: {b: 1, 'b': 2}\n", (1, 11), "duplicate key `b`", "first given on line 1; keep one"),
        ("true: 1\n", (1, 1), "a key is true or false", "quote it"),
        ("a:\n  5: 1\n", (2, 3), "a key is a number", "quote it"),
        ("~: 1\n", (1, 1), "a key is empty", "quote it"),
        ("? [a, b]\n: 1\n", (1, 3), "a key is not text", "write the key as text"),
        ("model: {{ vars.model }}\n", (1, 9), "a key is not text", "quote text that begins with {{"),
        ("a: !include b.yaml\n", (1, 4), "the tag !include is not part", "leave the tag out"),
        ("a: !!set {b}\n", (1, 4), "the tag !!set is not part", "leave the tag out"),
        ("a: !mine [b]\n", (1, 4), "the tag !mine is not part", "leave the tag out"),
        ("a: !!python/object/apply:os.system [ls]\n", (1, 4), "the tag !!python/object/apply:os.system", "leave"),
        ("a: !!int 0x10\n", (1, 4), "the tag !!int is not part", "leave the tag out"),
        ("a: !!float .inf\n", (1, 4), "the tag !!float is not part", "leave the tag out"),
        ("a: !!bool yes\n", (1, 4), "the tag !!bool is not part", "leave the tag out"),
        ("a: 1e999\n", (1, 4), "a number is too large", "quote it"),
        (f"a: {'9' * 5000}\n", (1, 4), "a number is too large", "quote it"),
        ("a: *nobody\n", (1, 4), "the alias *nobody refers to nothing", "anchors above it in this document: none"),
        ("a: &x 1\n---\nb: *x\n", (3, 4), "the alias *x refers to nothing", "none"),
        ("a: *bold*\n", (1, 9), "not valid YAML", "quote text that begins with *"),
        ("a: **bold**\n", (1, 5), "not valid YAML", "quote text that begins with *"),
        ("a: &a [1, *a]\n", (1, 11), "an alias refers to a value it is part of", "write the value out"),
        ("a: &a\n  <<: *a\n", (2, 7), "an alias refers to a value it is part of", "write the value out"),
        ("a: {<<: 1}\n", (1, 9), "`<<` takes a mapping", "name an alias"),
        ("a:\n\t- 1\n", (2, 1), "not valid YAML", "indent with spaces"),
        ("a: @home\n", (1, 4), "not valid YAML", "quote text that begins with @"),
        ("a: `x`\n", (1, 4), "not valid YAML", "quote text that begins with `"),
        ("text: note: this\n", (1, 11), "not valid YAML", "quote text that contains a colon and a space"),
        ('regex: "\\d+"\n', (1, 9), "not valid YAML", "use single quotes"),
        ("a: [1, 2\n", (2, 1), "not valid YAML", "check indentation, quotes and brackets above"),
        (
            "b: 1\na: 'x\n",
            (3, 1),
            "not valid YAML: found unexpected end of stream while scanning a quoted scalar begun on line 2",
            "check indentation, quotes and brackets above",
        ),
        ("a: 퀴즈\nb: x\x07y\n", (2, 5), "the control character U+0007 is not allowed", "remove it"),
    ],
)
def test_what_is_not_the_language(tmp_path, text, place, message, hint):
    found = problem(read(tmp_path, text))
    assert at(found) == place
    assert found.message.startswith(message)
    assert hint in str(found.hint)
    lines = text.split("\n")
    assert found.excerpt == lines[place[0] - 1]


def test_all_problems_at_once_and_the_rest_is_read(tmp_path):
    reading = read(tmp_path, "a: 1\na: 2\ntrue: 3\n---\nb: !x 1\n---\nc: [\n")
    assert [at(found) for found in reading.problems] == [(2, 1), (3, 1), (5, 4), (8, 1)]
    assert [document.data for document in reading.documents] == [{"a": 1}, {"b": "1"}]


def test_merge_keys_bring_values_and_places(tmp_path):
    text = "base: &base {x: 1, y: [a, b]}\nmore: &more {y: 2, z: 3}\nit:\n  <<: [*base, *more]\n  x: 9\n"
    document = one(read(tmp_path, text))
    assert document.data["it"] == {"x": 9, "y": ["a", "b"], "z": 3}
    assert document.position(("it", "x")) == Position("a.yaml", 5, 6)
    assert document.position(("it", "y", 1)) == Position("a.yaml", 1, 27)
    assert document.position(("it", "z"), key=True) == Position("a.yaml", 2, 20)
    assert all("<merge>" not in path for path in document.places)


def test_a_merge_may_merge_again_and_stands_anywhere(tmp_path):
    document = one(read(tmp_path, "a: &a {x: 1}\nb: &b\n  y: 2\n  <<: *a\nc: {z: 3, <<: *b, x: 0}\n"))
    assert document.data["c"] == {"z": 3, "x": 0, "y": 2}


def test_a_problem_in_an_anchored_value_is_said_once(tmp_path):
    found = problem(read(tmp_path, "a: &a {x: 1, x: 2}\nb: *a\nc: {<<: *a}\n"))
    assert found.message == "duplicate key `x`"


def laughs(form: str) -> str:
    lines = ["l0: &l0 {x: 1}" if "<<" in form else "l0: &l0 [lol]"]
    for level in range(1, 10):
        many = ", ".join([f"*l{level - 1}"] * 10)
        lines.append(f"l{level}: &l{level} {form.format(many)}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}", "{{a: [{}]}}"])
def test_an_alias_bomb_is_refused_at_once(tmp_path, form):
    found = problem(read(tmp_path, laughs(form)))  # written out it would be 10^9 values, which no machine here holds
    assert "values once aliases are written out" in found.message


def test_the_limit_is_the_files_not_the_documents(tmp_path):
    heavy = "a: &a [" + "x, " * 500 + "x]\nb: [" + "*a, " * 100 + "*a]\n"
    found = problem(read(tmp_path, "---\n".join([heavy] * 5)))
    assert "more than 200,000 values" in found.message


@pytest.mark.parametrize("text", ["[" * 300_000, "- " * 50_000 + "a", "{a: " * 50_000, "? " * 50_000, "[" * 101])
def test_a_file_nested_too_deeply_does_not_end_the_process(tmp_path, text):
    assert problem(read(tmp_path, text)).message == "nested too deeply"


@pytest.mark.parametrize("form", ["[*l{}]", "{{<<: *l{}}}"])
def test_nesting_through_aliases_has_the_same_limit(tmp_path, form):
    first = "l0: &l0 {}\n"
    text = first + "".join(f"l{n}: &l{n} {form.format(n - 1)}\n" for n in range(1, 300))
    assert problem(read(tmp_path, text)).message == "nested too deeply once aliases are written out"


def test_a_hundred_levels_are_read(tmp_path):
    assert one(read(tmp_path, "[" * 100 + "]" * 100)).data != []


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", ">>>>>>> topic"])
def test_a_conflict_marker_is_named_before_yaml_fails(tmp_path, marker):
    found = problem(read(tmp_path, f"a: 1\n{marker}\nb: 2\n"))
    assert at(found) == (2, 1)
    assert (found.message, found.excerpt) == ("merge conflict marker", marker)


def test_an_indented_marker_is_text(tmp_path):
    assert one(read(tmp_path, "a: |\n  <<<<<<< HEAD\n")).data == {"a": "<<<<<<< HEAD\n"}


@pytest.mark.parametrize(
    ("raw", "place", "message"),
    [
        (b"a: 1\nb: \xec\x9d\xb4\xff\n", (2, 5), "not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00", (1, 1), "not UTF-8 text"),
        ("a: é\n".encode("latin-1"), (1, 4), "not UTF-8 text"),
        ("a: 1\n".encode("utf-16"), (1, 1), "not UTF-8 text"),
        ("가: \0\n".encode(), (1, 4), "binary data where text is meant"),
    ],
)
def test_a_binary_file_is_named_at_its_first_bad_byte(tmp_path, raw, place, message):
    found = problem(read(tmp_path, raw))
    assert at(found) == place
    assert found.message.startswith(message)


def test_a_file_over_ten_megabytes_is_not_read(tmp_path):
    found = problem(read(tmp_path, b"#" * (10 * 1024 * 1024 + 1)))
    assert found.message == "file is 10.0 MB; at most 10 MB are read"


def test_a_file_that_cannot_be_opened(tmp_path):
    found = read_text(tmp_path / "gone.yaml", "gone.yaml")
    assert isinstance(found, Diagnostic)
    assert found.message == "cannot read the file: No such file or directory"
    assert isinstance(read_text(tmp_path, "folder"), Diagnostic)


def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path):
    document = one(read(tmp_path, "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n".encode()))
    assert document.data == {"a": 1, "b": "x\ny\n"}
    assert document.position(("a",)) == Position("a.yaml", 1, 4)
    assert document.lines[0] == "a: 1"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_markdown_is_front_matter_and_body(tmp_path, newline, end):
    text = newline.join(["---", "model: gpt-4o", "---", "", "# 튜터", "", "도와줘", ""]).rstrip() + end
    document = one(read(tmp_path, text, "t.assistant.md"))
    assert document.data == {"model": "gpt-4o"}
    assert (document.body, document.body_line) == ("# 튜터\n\n도와줘", 5)
    assert document.position(("model",)) == Position("t.assistant.md", 2, 8)


def test_the_bodys_line_counts_lines_that_only_look_empty(tmp_path):
    document = one(read(tmp_path, "---\na: 1\n---\n\n  \n\ntext\n", "t.assistant.md"))
    assert document.body is not None
    assert document.body.split("\n")[7 - document.body_line] == "text"


@pytest.mark.parametrize("front", ["", "# nothing\n"])
def test_empty_front_matter_is_an_empty_mapping(tmp_path, front):
    document = one(read(tmp_path, f"---\n{front}---\nbody", "t.assistant.md"))
    assert (document.data, document.body) == ({}, "body")
    assert document.position(("name",)) == Position("t.assistant.md", 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no front matter"),
        ("# Title\n---\na: 1\n---\n", "no front matter"),
        ("---\na: 1\n", "the front matter has no end"),
    ],
)
def test_markdown_without_front_matter(tmp_path, text, message):
    found = problem(read(tmp_path, text, "t.assistant.md"))
    assert found.message == message
    assert "begin the file with a line ---" in str(found.hint)


def test_problems_in_front_matter_have_the_files_lines(tmp_path):
    found = problem(read(tmp_path, "---\na: 1\na: 2\n---\nbody: [\n", "t.assistant.md"))
    assert at(found) == (3, 1)
    broken = problem(read(tmp_path, "---\na: [\n---\nbody\n", "t.assistant.md"))
    assert broken.position.line in (2, 3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200), name=st.sampled_from(["a.yaml", "a.assistant.md"]))
def test_any_bytes_are_a_reading(tmp_path, raw, name):
    reading = read(tmp_path, raw, name)
    assert all(found.position.line >= 1 and found.position.column >= 1 for found in reading.problems)


_YAMLISH = st.text(st.sampled_from("ab:- \n\t[]{}&*!|>'\"#%@`<?,.0123~=\\\u2028\r가\x85\x07"), max_size=80)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_YAMLISH, front=st.booleans())
def test_anything_like_yaml_is_a_reading_with_places_in_the_file(tmp_path, text, front):
    written = f"---\n{text}\n---\n{text}" if front else text
    reading = read(tmp_path, written, "a.assistant.md" if front else "a.yaml")
    lines = written.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in reading.problems:
        assert 1 <= found.position.line <= len(lines)
        assert 1 <= found.position.column <= len(lines[found.position.line - 1]) + 1
    for document in reading.documents:
        for place in document.places.values():
            assert 1 <= place.line <= len(lines)
