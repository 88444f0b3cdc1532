import pytest

from orchestrator.model.address import Address
from orchestrator.model.fields import Ref
from orchestrator.reporting.difference import compare_lines, compare_words, inline, is_long, lines

PAPERS = Address.parse("vector_store.papers")
FILE = {"sha256": "ab" * 32, "attributes": {}, "chunking": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "none"),
        ("수학", '"수학"'),
        (0.2, "0.2"),
        (True, "true"),
        ({"b": 1}, '{"b": 1}'),
        (Ref(PAPERS), "vector_store.papers (known after apply)"),
        ([Ref(PAPERS), "vs_1"], '[vector_store.papers (known after apply), "vs_1"]'),
        (FILE, "sha256 abababababab"),
        (
            FILE
            | {"attributes": {"topic": "lm"}, "chunking": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 9}},
            'sha256 abababababab, {"topic": "lm"}, chunks of 200 tokens, 9 overlapping',
        ),
        (FILE | {"failed": "no text"}, "sha256 abababababab, not indexed: no text"),
    ],
)
def test_a_value_in_one_line(value, expected):
    assert inline(value, ()) == expected


def test_a_reference_that_is_live_has_no_remark():
    assert inline([Ref(PAPERS)], {PAPERS}) == "[vector_store.papers]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 60, False),
        ("x" * 61, True),
        ("a\nb", True),
        (["x" * 60], True),
        ([1], False),
        (None, False),
        (FILE, False),
    ],
)
def test_what_is_long(value, expected):
    assert is_long(value) is expected


def test_json_data_has_lines_of_its_own():
    assert lines({"b": [1], "a": None}) == ["{", '  "a": null,', '  "b": [', "    1", "  ]", "}"]
    assert lines("a\n") == ["a", ""]


def test_lines_that_moved_with_two_around():
    old = "\n".join("abcdefghij")
    new = old.replace("e", "E")
    assert [tuple(piece) for piece in compare_lines(old, new)] == [
        ("@", "@@ -3,5 +3,5 @@"),
        (" ", "c"),
        (" ", "d"),
        ("-", "e"),
        ("+", "E"),
        (" ", "f"),
        (" ", "g"),
    ]
    assert [piece.sign for piece in compare_lines(None, "a\nb")] == ["@", "+", "+"]


def test_words_that_moved_and_long_stretches_cut():
    assert [tuple(piece) for piece in compare_words("one two three", "one 2 three")] == [
        (" ", "one "),
        ("-", "two"),
        ("+", "2"),
        (" ", " three"),
    ]
    words = " ".join(f"w{number}" for number in range(40))
    middle = compare_words(f"a {words} b", f"A {words} B")[2].text
    assert middle == " w0 w1 w2 w3 w4 w5…w34 w35 w36 w37 w38 w39 "
    assert compare_words("a\x1b", "b\x1b")[-1].text == "\\x1b"
