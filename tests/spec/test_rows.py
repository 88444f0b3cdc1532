"""Files of data: found like every other file a spec names, and read as they are."""

import json
from pathlib import Path

import pytest

from orchestrator.spec.reader import MAX_BYTES, Document, Place
from orchestrator.spec.rows import RowFiles, Table


@pytest.fixture
def read(write, tmp_path):
    def table(name: str, content: str | bytes | None = None) -> Table:
        root = write({"orch.yaml": "", name: content} if content is not None else {"orch.yaml": ""})
        document = Document(root / "s.yaml", "s.yaml", {}, {("data",): Place(5, 7, 5, 1)}, ("",) * 5)
        return RowFiles(root, root).read(document, name)

    return table


def told(table: Table) -> list[str]:
    return [str(problem) for problem in table.problems]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", "id,n\nA,1\nB,2\n"),
        ("r.CSV", b"\xef\xbb\xbfid,n\r\nA,1\r\nB,2\r\n"),
        ("below/r.jsonl", '{"id": "A", "n": "1"}\n\n{"id": "B", "n": "2"}'),
        ("r.yaml", '- {id: A, n: "1"}\n- {id: B, n: "2"}\n'),
        ("r.yml", '- id: A\n  n: "1"\n- id: B\n  n: "2"\n'),
    ],
)
def test_one_table_in_every_form(read, name, content):
    table = read(name, content)
    assert not table.problems
    assert [row.values for row in table.rows] == [{"id": "A", "n": "1"}, {"id": "B", "n": "2"}]
    assert [row.position.file for row in table.rows] == [name, name]
    assert table.rows[0].position.line < table.rows[1].position.line


def test_values_of_json_and_yaml_keep_their_types(read):
    values = {"text": "{{ no.template }}", "n": 1, "half": 0.5, "yes": True, "none": None, "list": [1, {"a": "b"}]}
    assert read("r.jsonl", json.dumps(values)).rows[0].values == values
    assert read("r.yaml", json.dumps([values])).rows[0].values == values


def test_every_bad_line_of_jsonl_is_told_with_its_number(read):
    lines = [
        '{"a": 1}',
        '{"a": 1',
        "[1]",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        r'{"a": "\ud800"}',
        "{}",
        '{"": 1}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ]
    assert told(read("r.jsonl", "\n".join(lines)))[:7] == [
        "r.jsonl:2:8: not valid JSON: expecting ',' delimiter",
        "r.jsonl:3:1: a row is a JSON object",
        "r.jsonl:4:1: duplicate key `a`",
        "r.jsonl:5:1: NaN is not JSON",
        "r.jsonl:6:1: half of a character: a lone surrogate such as \\ud800 is no text",
        "r.jsonl:7:1: a row is a JSON object",
        "r.jsonl:8:1: a column has no name",
    ]
    assert [problem.position.line for problem in read("r.jsonl", "\n".join(lines)).problems] == [*range(2, 11)]


def test_every_bad_row_of_yaml_is_told_at_its_place(read):
    assert told(read("r.yaml", "- text\n- {}\n- {a: 1, a: 2}\n---\n- {a: 1}\n")) == [
        "r.yaml:3:10: duplicate key `a`",
        "r.yaml:5:1: a second document",
        "r.yaml:1:3: a row is a mapping",
        "r.yaml:2:3: a row is a mapping",
    ]
    assert told(read("r.yaml", "a: 1\n")) == ["r.yaml:1:1: data is a list of rows"]


@pytest.mark.parametrize(
    ("name", "content"), [("r.csv", "id,n\n"), ("r.csv", ""), ("r.jsonl", "\n"), ("r.yaml", "# no\n")]
)
def test_no_rows_are_a_problem_of_the_scenario(read, name, content):
    assert told(read(name, content)) == [f"s.yaml:5:7: `{name}` has no rows"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("r.txt", "is no file of rows", "data is read from .csv, .jsonl, .yaml and .yml files"),
        (".", "is no file of rows", "data is read from"),
        ("../r.csv", "lies outside the project", "keep it below ./"),
        ("/etc/r.csv", "lies outside the project", "keep it below ./"),
        ("rowz.csv", "there is no file", "did you mean `rows.csv`?"),
        ("a\0b.csv", "there is no file", "paths are relative to s.yaml"),
        ("x" * 5000 + ".csv", "there is no file", "paths are relative to s.yaml"),
    ],
)
def test_where_a_file_may_lie(read, write, name, message, hint):
    write({"rows.csv": "id\n1\n"})
    [problem] = read(name).problems
    assert message in problem.message
    assert hint in problem.hint
    assert str(problem.position) == "s.yaml:5:7"


def test_a_link_out_of_the_project_is_not_followed(read, tmp_path, tmp_path_factory):
    outside: Path = tmp_path_factory.mktemp("outside") / "r.csv"
    outside.write_text("id\n1\n")
    (tmp_path / "r.csv").symlink_to(outside)
    assert told(read("r.csv")) == ["s.yaml:5:7: `r.csv` lies outside the project"]


def test_files_are_held_to_what_every_text_is(read):
    assert "not UTF-8" in told(read("r.csv", b"id\n\xff\n"))[0]
    assert "NUL" in told(read("r.csv", "id\n\0\n"))[0]
    assert "merge conflict" in told(read("r.jsonl", "<<<<<<< ours\n"))[0]
    assert "at most 10 MB" in told(read("r.csv", "x" * (MAX_BYTES + 1)))[0]
