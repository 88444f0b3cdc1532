"""Chunking strategies as clients write them and as replies show them."""

import pytest

from orchestrator.server.knowledge.bodies import ATTACH, read_attachment, read_chunking, show_chunking
from orchestrator.server.knowledge.chunking import AUTO, ChunkingStrategy
from orchestrator.server.wire import WireError


def static(size: int, overlap: int) -> dict[str, object]:
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


def test_auto_and_static_are_read_and_shown_as_static():
    assert read_chunking(None) is None
    assert read_chunking({"type": "auto"}) == AUTO == (800, 400)
    assert read_chunking(static(100, 50)) == ChunkingStrategy(100, 50)
    assert show_chunking(ChunkingStrategy(100, 50)) == static(100, 50)


def test_an_attachment_says_what_it_does_not_say():
    bare = read_attachment(ATTACH.check({"file_id": "file-1"}, ""))
    assert (bare.file_id, bare.attributes, bare.chunking) == ("file-1", None, None)


@pytest.mark.parametrize(
    ("strategy", "param"),
    [
        ({"type": "smart"}, "chunking_strategy.type"),
        ({"type": "static"}, "chunking_strategy.static"),
        (static(99, 0), "chunking_strategy.static.max_chunk_size_tokens"),
        (static(4097, 0), "chunking_strategy.static.max_chunk_size_tokens"),
        (static(100, 51), "chunking_strategy.static.chunk_overlap_tokens"),
        (static(100, -1), "chunking_strategy.static.chunk_overlap_tokens"),
    ],
)
def test_a_wrong_strategy_is_refused_with_its_place(strategy, param):
    with pytest.raises(WireError) as caught:
        read_attachment(ATTACH.check({"file_id": "file-1", "chunking_strategy": strategy}, ""))
    assert caught.value.param == param
