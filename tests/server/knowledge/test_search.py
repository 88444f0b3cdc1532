"""Searching small real documents, English and Korean, over a real index."""

import random
import sqlite3
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.chunking import ChunkingStrategy, split
from orchestrator.server.knowledge.filters import parse_filter
from orchestrator.server.knowledge.search import POOL, Hit, SearchRequest, search
from orchestrator.server.knowledge.search_index import Attributes, ReadRows
from orchestrator.server.store import Store

DOCUMENTS = {
    "gpt2.md": (
        "Language models are unsupervised multitask learners.\n\n"
        "GPT-2 is a transformer with 1.5 billion parameters, trained on WebText, a dataset of millions of webpages.\n\n"
        "It answers reading comprehension questions on CoQA without any training examples."
    ),
    "attention.md": (
        "The Transformer relies entirely on self-attention.\n\nScaled dot-product attention divides by the root of the"
        " key dimension, so that gradients stay large."
    ),
    "언어모델.txt": "언어 모델은 비지도 다중 과제 학습기이다.\n\n큰 언어 모델은 예시가 없어도 번역과 요약을 수행한다.",
    "요리.txt": "김치찌개는 돼지고기와 묵은 김치를 물에 넣고 끓인다.\n\n찬물에 두부를 헹군다.",
    "client.py": "def getUserName(client, max_tokens=5):\n    return client.fetch_profile().displayName\n",
}


def read(connection: sqlite3.Connection) -> ReadRows:
    return lambda sql, parameters: connection.execute(sql, parameters).fetchall()


def index(opened: sqlite3.Connection, store: str, file: str, name: str, attributes: Attributes, text: str) -> None:
    search_index.add_chunks(opened, store, file, 1, search_index.prepare(split(text, ChunkingStrategy(100, 0))))
    search_index.finish_file(opened, store, file, 1, name, attributes)


@pytest.fixture(scope="module")
def connection():
    with Store.open(":memory:") as store, store.transaction() as opened:
        search_index.create_tables(opened)
        for number, (name, text) in enumerate(DOCUMENTS.items()):
            attributes = {"language": "ko" if name.endswith(".txt") else "en", "number": number}
            index(opened, "vs_A", f"file-{number}", name, attributes, text)
        index(opened, "vs_B", "file-9", "other.md", {}, "Penguins are language models, too.")
        yield opened


def find(connection: sqlite3.Connection, *queries: str, stores: tuple[str, ...] = ("vs_A",)) -> list[Hit]:
    return search(read(connection), SearchRequest(queries, stores))


@pytest.mark.parametrize(
    ("query", "filename"),
    [
        ("unsupervised multitask learners", "gpt2.md"),
        ("How many parameters does GPT-2 have?", "gpt2.md"),
        ("self attention gradient", "attention.md"),
        ("언어 모델", "언어모델.txt"),
        ("언어모델이 무엇인가요?", "언어모델.txt"),
        ("번역", "언어모델.txt"),
        ("김치찌개를 끓이는 법", "요리.txt"),
        ("물", "요리.txt"),
        ("langauge modle", "gpt2.md"),
        ("transfromer atention", "attention.md"),
        ("displayname", "client.py"),
        ("user name", "client.py"),
        ("sernam", "client.py"),
        ("MAX_TOKENS", "client.py"),
    ],
)
def test_the_right_document_comes_first(connection, query, filename):
    assert [hit.filename for hit in find(connection, query)][:1] == [filename]


@pytest.mark.parametrize(
    "phrase", ["Language models are unsupervised multitask learners", "언어 모델은 비지도 다중 과제 학습기", "돼지고기"]
)
def test_an_exact_phrase_scores_high_and_others_lower(connection, phrase):
    first, *others = find(connection, phrase)
    assert first.score > 0.7
    assert all(other.score < first.score for other in others)


def test_scores_fall_along_the_list_and_stay_between_zero_and_one(connection):
    scores = [hit.score for hit in find(connection, "language model transformer 언어 모델", stores=("vs_A", "vs_B"))]
    assert len(scores) >= 4
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_typo_scores_lower_than_the_word(connection):
    assert find(connection, "langauge")[0].score < find(connection, "language")[0].score


def test_nothing_is_found_for_what_is_not_there(connection):
    assert find(connection, "zebra crossing") == []


def test_a_hit_says_where_it_stands(connection):
    hit = find(connection, "돼지고기")[0]
    assert DOCUMENTS["요리.txt"][hit.start : hit.end] == hit.text
    assert hit.attributes == {"language": "ko", "number": 3}


def test_only_the_named_stores_are_searched(connection):
    assert {hit.file_id for hit in find(connection, "language models", stores=("vs_B",))} == {"file-9"}
    both = find(connection, "language models", stores=("vs_A", "vs_B"))
    assert {hit.vector_store_id for hit in both} == {"vs_A", "vs_B"}
    assert find(connection, "language", stores=()) == []
    assert find(connection, "language", stores=("vs_missing",)) == []


def test_of_several_questions_the_best_counts(connection):
    hits = find(connection, "돼지고기", "multitask learners")
    assert {hit.filename for hit in hits[:2]} == {"요리.txt", "gpt2.md"}
    assert len({(hit.file_id, hit.position) for hit in hits}) == len(hits)


def test_filters_thresholds_and_limits(connection):
    query = ("language model 언어 모델",)
    korean = parse_filter({"type": "eq", "key": "language", "value": "ko"})
    assert {h.filename for h in search(read(connection), SearchRequest(query, ("vs_A",), condition=korean))} == {
        "언어모델.txt"
    }
    everything = search(read(connection), SearchRequest(query, ("vs_A",)))
    assert len(search(read(connection), SearchRequest(query, ("vs_A",), max_num_results=1))) == 1
    threshold = everything[0].score
    assert search(read(connection), SearchRequest(query, ("vs_A",), score_threshold=threshold)) == everything[:1]


def test_a_filter_also_holds_for_parts_of_words(connection):
    korean = parse_filter({"type": "eq", "key": "language", "value": "ko"})
    assert search(read(connection), SearchRequest(("sernam",), ("vs_A",), condition=korean)) == []


@given(st.text(max_size=60) | st.text(alphabet="\"'*():^-+{}AND NEAR/2 OR NOT 언물\\;%_\0", max_size=40))
def test_any_text_is_a_question(connection, query):
    hits = find(connection, query)
    assert all(0 <= hit.score <= 1 for hit in hits)


def test_a_pasted_page_is_a_question(connection):
    page = "\n".join(DOCUMENTS.values()) * 50
    assert find(connection, page)


def test_the_order_does_not_depend_on_the_order_of_indexing():
    text = "same words here. " * 60
    orders = []
    for names in (["a.txt", "b.txt"], ["b.txt", "a.txt"]):
        with Store.open(":memory:") as store, store.transaction() as opened:
            search_index.create_tables(opened)
            for name in names:
                index(opened, "vs_A", f"file-{name}", name, {}, text)
            orders.append([(hit.filename, hit.position) for hit in find(opened, "same words")])
    assert orders[0] == orders[1]


@pytest.mark.parametrize("others", [0, 300], ids=["few", "many"])
def test_words_of_other_stores_neither_crowd_out_nor_weigh_in(others):
    with Store.open(":memory:") as store, store.transaction() as opened:
        search_index.create_tables(opened)
        index(opened, "vs_A", "file-1", "a.md", {}, "Penguins of the south.")
        index(opened, "vs_A", "file-2", "b.md", {}, "Whales of the south.")
        alone = find(opened, "where are penguins?", "whales and penguins")
        for number in range(others + 1):
            index(opened, "vs_B", f"file-b{number}", f"{number}.md", {}, "Penguins penguins penguins, and whales.")
        among = find(opened, "where are penguins?", "whales and penguins")
    assert [hit.filename for hit in alone] == ["a.md", "b.md"] == [hit.filename for hit in among]
    assert {hit.vector_store_id for hit in among} == {"vs_A"}


def filled(opened: sqlite3.Connection, documents: list[tuple[str, str]], store: str = "vs_A") -> None:
    for number, (name, text) in enumerate(documents):
        index(opened, store, f"file-{store}-{number}", name, {}, text)


def places(opened: sqlite3.Connection, query: str, most: int = 10) -> list[tuple[str, float]]:
    return [(h.filename, h.score) for h in search(read(opened), SearchRequest((query,), ("vs_A",), most))]


@pytest.fixture
def empty():
    with Store.open(":memory:") as store, store.transaction() as opened:
        search_index.create_tables(opened)
        yield opened


TICKETS = [(f"t{number:03}.md", f"Ticket {number:03}: the printer is broken.") for number in range(POOL + 60)]


def test_of_equal_passages_the_first_by_name_are_found_in_whatever_order_they_came(empty):
    filled(empty, TICKETS[::-1])
    assert [name for name, _ in places(empty, "printer broken", 3)] == ["t000.md", "t001.md", "t002.md"]


def test_how_many_are_asked_for_does_not_change_which_come_first(empty):
    short = [(f"n{number:03}.md", "source open source open") for number in range(60)]
    filled(
        empty, [*short, ("exact.md", "We all like open source because it is good, and there is more to say about it.")]
    )
    lists = [places(empty, "open source", most) for most in (1, 5, 20, 50)]
    assert all(found == lists[-1][: len(found)] for found in lists)


def test_scores_do_not_depend_on_other_stores(empty):
    documents = [("r.md", "Goods are returned within 30 days."), ("p.md", "A desk costs 100 euros.")]
    filled(empty, [*documents, ("s.md", "Shipping is free above 50 euros.")])
    alone = [places(empty, query) for query in ("shipping euros", "what does a desk cost", "retruned")]
    assert all(alone)
    filled(empty, [(f"o{n}.md", f"nothing in common number {n} text, euros, returned") for n in range(300)], "vs_B")
    assert [places(empty, query) for query in ("shipping euros", "what does a desk cost", "retruned")] == alone


@pytest.mark.parametrize(
    "query", ["returning", "returned goods", "cancelled", "cancelling", "delivering", "subscriptions", "items"]
)
def test_other_forms_of_an_english_word_find_it(empty, query):
    filled(empty, [("a.md", "You can return items. Cancel the subscription. We deliver on Monday."), ("b.md", "Tea.")])
    assert [name for name, _ in places(empty, query)] == ["a.md"]


def test_a_slip_that_stands_in_a_document_does_not_hide_the_word(empty):
    documents = ["Receive your invoice by email.", "Recieve is a common misspelling.", "They receive letters.", "Tea."]
    filled(empty, [(f"{number}.md", text) for number, text in enumerate(documents)])
    assert [name for name, _ in places(empty, "recieve")] == ["1.md", "2.md", "0.md"]


@pytest.mark.parametrize("query", ["UserName", "fetchUserName", "getUserName", "get_user_name", "user name"])
def test_the_parts_of_an_identifier_are_asked_for_too(empty, query):
    filled(empty, [("client.py", "def getUserName(): pass"), ("other.md", "Nothing of that.")])
    assert [name for name, _ in places(empty, query)] == ["client.py"]


def test_a_word_of_thousands_of_letters_is_looked_for_at_once(empty):
    word = "".join(random.Random(1).choices("abcdefghij", k=4700))
    filled(empty, [("a.md", word)])
    before = time.perf_counter()
    assert places(empty, f"{word[:2000]}x{word[2000:]}") == []
    assert time.perf_counter() - before < 5, "it took half a minute"
