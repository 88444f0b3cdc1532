import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.code_files import FILES, CodeFile, count_pairs, from_pairs, to_pairs

HASH = "ab" * 32
labels = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=512)
files = st.builds(CodeFile, st.from_regex(r"file-[a-zA-Z0-9]{4,24}", fullmatch=True), st.just(HASH))


@given(
    st.dictionaries(
        labels,
        st.builds(CodeFile, st.from_regex(r"file-[a-zA-Z0-9]{4,24}", fullmatch=True), st.just(HASH)),
        max_size=20,
    )
)
def test_files_of_any_name_come_back(files):
    pairs = to_pairs(files)
    assert from_pairs({**pairs, "team": "x"}) == files
    assert all(0 < len(value) <= 512 for value in pairs.values())
    assert len(pairs) <= count_pairs({FILES: {label: HASH for label in files}})


@pytest.mark.parametrize("text", ["", "\n", "file-1", "file-1 %%% a.csv", "file-1 cut", " x y", "file-1 q83 "])
def test_a_line_that_is_none_is_left_out(text):
    good = to_pairs({"a.csv": CodeFile("file-2", HASH)})["orch.code"]
    assert from_pairs({"orch.code": f"{text}\n{good}"})["a.csv"] == CodeFile("file-2", HASH)
    assert [label for label in from_pairs({"orch.code": text}) if label != "a.csv"] == []


def test_without_files_there_is_no_record():
    assert (to_pairs({}), from_pairs({}), count_pairs({})) == ({}, {}, 0)
