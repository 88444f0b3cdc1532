"""Reports as text: whole or in pieces, the same values come back, whatever they hold."""

import json

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.output import as_json, json_pieces

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_what_is_written_reads_back(value):
    for text in (as_json(value), "".join(json_pieces(value))):
        assert json.loads(text) == value
        text.encode("utf-8")  # half a character too


def test_every_scenario_has_a_line_of_its_own():
    text = "".join(json_pieces({"format": "x", "scenarios": [{"name": "a"}, {"name": "b"}], "not_run": []}))
    assert text.splitlines() == [
        "{",
        '"format": "x",',
        '"scenarios": [',
        '{"name": "a"},',
        '{"name": "b"}',
        "],",
        '"not_run": []',
        "}",
    ]
