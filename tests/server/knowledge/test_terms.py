"""What a text is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.server.knowledge.terms import index_terms, near_words, neighbours, query_terms, rewritten, stem


def asked(query: str) -> list[str]:
    return [term.text for term in query_terms(query)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Language models", "languag model"),
        ("언어 모델은", "언어 어 모델 델은 은"),
        ("GPT-2는", "gpt 2 는"),
        ("getUserName", "getusernam get user name"),
        ("HTTPServer", "httpserver http server"),
        ("max_tokens", "max token"),
        ("Café ＡＢＣ", "cafe abc"),
        ("日本語", "日本 本語 語"),
        ("\u110b\u1165\u11ab\u110b\u1165", "언어 어"),  # decomposed, as macOS writes
        ("-- !", ""),
    ],
)
def test_index_terms(text, terms):
    assert index_terms(text) == terms


def test_a_question_asks_without_particles_mattering_and_without_stop_words():
    assert asked("언어 모델") == ["언어", "모델"]
    assert asked("What is the language model?") == ["languag", "model"]
    assert asked("model MODEL models") == ["model"]


def test_a_question_of_stop_words_still_asks():
    assert asked("to be or") == ["to", "be", "or"]


def test_a_single_character_asks_for_terms_that_begin_with_it():
    (term,) = query_terms("물")
    assert (term.text, term.cjk, term.prefix) == ("물", True, True)


@pytest.mark.parametrize("query", ["", " ", "()*\"'", "\x00"])
def test_signs_ask_for_nothing(query):
    assert query_terms(query) == []


def test_an_identifier_asks_for_its_parts_too():
    assert asked("getUserName") == ["getusernam", "get", "user", "name"]
    assert [term.joint for term in query_terms("getUserName")] == [True, False, False, False]


@pytest.mark.parametrize(
    "words",
    [
        "model models",
        "study studies studied studying",
        "class classes",
        "cancel cancels cancelled canceling",
        "return returned returning",
        "deliver delivered delivering",
        "store stores stored storing",
        "embed embedded embedding embeddings",
        "ship shipped shipping",
    ],
)
def test_forms_of_an_english_word_have_one_stem(words):
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("word", ["analysis", "bus", "string", "speed", "2011", "thing", "red", "use"])
def test_what_only_looks_like_an_ending_stays(word):
    assert stem(word) == word


@given(st.text(alphabet="abcdeinsgyl", max_size=12))
def test_the_stem_of_a_stem_is_itself(word):
    assert stem(stem(word)) == stem(word)


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("model", "modle", True),
        ("model", "mode", True),
        ("model", "motel", True),
        ("model", "metal", False),
        ("language", "langauge", True),
        ("transformer", "trasnformr", True),
        ("language", "luggage", False),
        ("a", "abc", False),
        ("model", "model", False),
    ],
)
def test_slips(word, other, near):
    assert near_words(word, [other]) == [other] * near
    assert near_words(other, [word]) == [word] * near


def test_nobody_slips_in_a_word_of_thousands_of_letters():
    word = "abcdefghij" * 470
    assert near_words(word, [word[:-1]]) == []


@pytest.mark.parametrize("text", ["the language models", "언어 모델은 크다", "getUserName(max_tokens)", "GPT-2는 크다"])
def test_a_text_holds_the_neighbours_of_its_own_question(text):
    assert neighbours(text)
    assert all(f" {pair} " in f" {index_terms(text)} " for pair in neighbours(text))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Can you please tell me what the price of a car is?", "price car"),
        ("환불 규정을 알려줘", "환불 규정을"),
        ("what is it?", "what is it?"),
        ("don't panic", "don't panic"),
    ],
)
def test_a_question_is_rewritten_to_what_it_asks_for(query, words):
    assert rewritten(query) == words
