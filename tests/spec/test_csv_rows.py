"""CSV is read strictly: what is not a table is told with its line, all at once."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.spec.csv_rows import find_columns, read_csv


def told(text: str) -> list[str]:
    return [str(problem) for problem in read_csv(text, "r.csv")[1]]


def test_values_are_text_and_rows_know_their_lines():
    rows, problems = read_csv('id, q \n1,"two\nlines, and ""quotes"""\n\n2, x \n', "r.csv")
    assert not problems
    assert rows == [({"id": "1", "q": 'two\nlines, and "quotes"'}, 2), ({"id": "2", "q": " x "}, 5)]


def test_a_header_names_every_column_once():
    assert told('id,"a,b",id,,c,\n') == [
        "r.csv:1:10: two columns are called `id`",
        "r.csv:1:13: column 4 has no name",
        "r.csv:1:16: column 6 has no name",
    ]


def test_columns_have_their_places_in_the_header():
    places = find_columns('\nid,"a,b", note\n1,2,3\n', "r.csv")
    assert {name: str(place) for name, place in places.items()} == {
        "id": "r.csv:2:1",
        "a,b": "r.csv:2:4",
        "note": "r.csv:2:10",
    }


def test_columns_are_separated_by_commas():
    [problem] = read_csv("a;b\n1;2\n", "r.csv")[1]
    assert (problem.message, problem.hint) == ("there is only one column, `a;b`", "separate columns with commas")


def test_every_ragged_row_is_told():
    assert told("a,b\n1\n1,2\n1,2,3\n") == [
        "r.csv:2:1: this row has 1 value, and the header has 2",
        "r.csv:4:1: this row has 3 values, and the header has 2",
    ]


def test_what_is_not_csv_is_told_where_it_begins():
    assert told('a,b\n1,2\n3,"never\nclosed\n') == ["r.csv:3:1: not valid CSV: unexpected end of data"]
    assert told('a,b\n"1"x,2\n') == ["r.csv:2:1: not valid CSV: ',' expected after '\"'"]
    assert "field larger than field limit" in told("a\n" + "x" * 200_000)[0]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=10))
def test_what_python_writes_is_read(rows):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([["one", "two"], *rows])
    read, problems = read_csv(file.getvalue(), "r.csv")
    assert not problems
    assert [list(values.values()) for values, _ in read] == rows
