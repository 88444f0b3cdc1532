"""What a text is found by."""

import pytest

from orchestrator.server.knowledge.terms import fold, index_terms, is_near, query_terms, rewritten, stem


def asked(query: str) -> list[str]:
    return [term.text for term in query_terms(query)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Language models", "language model"),
        ("언어 모델은", "언어 어 모델 델은 은"),
        ("GPT-2는", "gpt 2 는"),
        ("getUserName", "getusername get user name"),
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
    assert asked("What is the language model?") == ["language", "model"]
    assert asked("model MODEL models") == ["model"]


def test_a_question_of_stop_words_still_asks():
    assert asked("to be or") == ["to", "be", "or"]


def test_a_single_character_asks_for_terms_that_begin_with_it():
    (term,) = query_terms("물")
    assert (term.text, term.cjk, term.prefix) == ("물", True, True)


@pytest.mark.parametrize("query", ["", " ", "()*\"'", "\x00"])
def test_signs_ask_for_nothing(query):
    assert query_terms(query) == []


@pytest.mark.parametrize(
    ("word", "singular"),
    [("models", "model"), ("studies", "study"), ("class", "class"), ("analysis", "analysis"), ("bus", "bus")],
)
def test_plurals(word, singular):
    assert stem(word) == singular


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
    ],
)
def test_slips(word, other, near):
    assert is_near(word, other) is near
    assert is_near(other, word) is near


def test_folding_drops_what_does_not_matter():
    assert fold("  Ｇｐｔ\n\n２\t MODEL ") == "gpt 2 model"


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
