"""Chunks cover the document, keep to their size, overlap as asked and end where a reader would pause."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.server.knowledge.chunking import AUTO, Chunk, ChunkingStrategy, count_tokens, split

SMALL = ChunkingStrategy(100, 50)
KOREAN = "언어 모델은 다음에 올 낱말을 예측한다. 큰 모델은 예시 없이도 과제를 푼다.\n"


def shared(left: Chunk, right: Chunk) -> int:
    return count_tokens(left.text[right.start - left.start :])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("model", 1), ("language", 2), ("언어 모델", 4), ("GPT-2는!", 5), ("a\n\n b", 2), ("日本語", 3)],
)
def test_tokens_are_counted_by_a_fixed_rule(text, tokens):
    assert count_tokens(text) == tokens


def test_a_short_document_is_one_chunk():
    assert list(split(" hello\nworld\n")) == [Chunk(0, 1, 12, "hello\nworld")]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_gives_no_chunk(text):
    assert list(split(text)) == []


@given(
    st.lists(
        st.sampled_from(["word", "internationalization", "모델은", ". ", " ", "\n", "\n\n", "。", "3.5"]), max_size=400
    ),
    st.integers(100, 130),
    st.integers(0, 50),
)
def test_chunks_cover_the_text_within_their_size_and_overlap(parts, size, overlap):
    text = "".join(parts)
    chunks = list(split(text, ChunkingStrategy(size, overlap)))
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert all(count_tokens(chunk.text) <= size for chunk in chunks)
    reached = 0
    for chunk in chunks:
        assert not text[reached : chunk.start].strip()
        reached = chunk.end
    assert not text[reached:].strip()
    for left, right in pairwise(chunks):
        assert left.start < right.start
        assert overlap // 2 <= shared(left, right) <= overlap


def test_a_chunk_ends_at_the_best_border_near_its_end():
    paragraph = "word " * 84 + "end.\n\n"
    chunks = list(split(paragraph * 3, SMALL))
    assert chunks[0].text == paragraph


def test_korean_is_cut_between_sentences():
    chunks = list(split(KOREAN * 20, SMALL))
    assert len(chunks) > 5
    assert all(chunk.text.rstrip().endswith("다.") for chunk in chunks)
    assert all(chunk.text.startswith(("언어", "큰")) for chunk in chunks)


def test_without_any_border_the_size_still_holds():
    chunks = list(split("가" * 1000, SMALL))
    assert {count_tokens(chunk.text) for chunk in chunks[:-1]} == {100}


def test_auto_is_800_tokens_with_400_shared():
    chunks = list(split("word " * 2000, AUTO))
    assert [count_tokens(chunk.text) for chunk in chunks] == [800, 800, 800, 800]
    assert shared(chunks[0], chunks[1]) == 400


@given(st.text(alphabet="ab한. \n!_", max_size=400), st.integers(1, 9), st.integers(4, 30))
def test_a_text_in_parts_gives_the_same_pieces(text, size, most):
    strategy = ChunkingStrategy(most, most // 2)
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(split(iter(parts), strategy)) == list(split(text, strategy))
