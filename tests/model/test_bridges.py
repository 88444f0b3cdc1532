import json

import pytest

from orchestrator.model.bridges import (
    PAIR,
    Bridges,
    SearchBridge,
    best,
    citations_in,
    get_passage,
    get_query,
    to_output,
)
from orchestrator.model.conversation import Citation, Passage

SEARCH = SearchBridge(("vs_1", "vs_2"), 8, {"ranker": "auto", "score_threshold": 0.5})


@pytest.mark.parametrize(
    ("bridges", "tools"),
    [
        (Bridges(), []),
        (Bridges(SEARCH), ["file_search"]),
        (Bridges(SearchBridge(())), ["file_search"]),
        (Bridges(code=True), ["code_interpreter"]),
        (Bridges(SEARCH, code=True), ["file_search", "code_interpreter"]),
    ],
)
def test_what_is_written_on_an_agent_reads_as_it_was(bridges, tools):
    pairs = bridges.to_metadata()
    assert bridges.tools == tools
    assert Bridges.from_metadata({"team": "a", **pairs}) == bridges
    assert pairs.keys() == ({PAIR} if tools else set())


def test_a_pair_fits_into_a_metadata_value():
    store = SearchBridge(("vs_" + "a" * 48,), 50, {"ranker": "default_2024_08_21", "score_threshold": 0.123456})
    assert len(Bridges(store, code=True).to_metadata()[PAIR]) <= 512


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"file_search": 1}', '{"file_search": {}}', '{"file_search": {"stores": "vs_1"}}']
)
def test_what_somebody_else_wrote_there_is_no_bridge(text):
    assert Bridges.from_metadata({PAIR: text}) == Bridges()
    assert Bridges.from_metadata(None) == Bridges()


def test_options_that_are_none_are_left_out():
    pair = json.dumps({"file_search": {"stores": ["vs_1"], "max_num_results": "8", "ranking_options": []}})
    assert Bridges.from_metadata({PAIR: pair}).search == SearchBridge(("vs_1",))


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({"query": "whales"}, "whales"),
        ('{"query": "whales"}', "whales"),
        ({"query": " "}, None),
        ({"query": 1}, None),
        ("whales", None),
        ("[]", None),
        (None, None),
    ],
)
def test_what_is_looked_for(arguments, query):
    assert get_query(arguments) == query


def test_passages_of_several_stores_are_one_list_best_first():
    found = [
        {"file_id": "f1", "filename": "a.md", "score": 0.2, "content": [{"type": "text", "text": "one"}]},
        {"file_id": "f2", "filename": "b.md", "score": 0.9, "content": [{"type": "text", "text": "two"}]},
    ]
    passages = best(map(get_passage, found), 8)
    assert passages == (Passage("f2", "b.md", 0.9, "two"), Passage("f1", "a.md", 0.2, "one"))
    assert best(passages, 1) == passages[:1]
    assert json.loads(to_output(passages))["results"][0] == {
        "file_id": "f2",
        "file": "b.md",
        "score": 0.9,
        "text": "two",
    }


def test_what_a_reply_names_is_cited_where_it_was_found():
    passages = [Passage("f1", "고래.md", 1, ""), Passage("f2", "b c.pdf", 1, "")]
    text = "Air【고래.md】 and cats【4:0†b c.pdf】, not 【other.md】 or 【\n】."
    assert citations_in(text, passages) == (
        Citation("f1", "고래.md", "【고래.md】"),
        Citation("f2", "b c.pdf", "【4:0†b c.pdf】"),
    )
