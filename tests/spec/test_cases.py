"""Cases are the product of everything a scenario lists, each with a name of its own."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.matrix import MOST_CASES, Cases
from orchestrator.spec.cases import Case, get_cases
from orchestrator.spec.reader import Document, Path_, Place
from orchestrator.spec.rows import RowFiles


def cases(tmp_path, written: Cases) -> tuple[list[Case], list[str]]:
    places: dict[Path_, Place] = {("data", n): Place(n + 10, 3, n + 10, 3) for n in range(5)} | {
        ("matrix",): Place(2, 1, 2, 1)
    }
    document = Document(tmp_path / "s.yaml", "s.yaml", {}, places, ("",) * 20)
    found, problems = get_cases(document, written, RowFiles(tmp_path, tmp_path))
    return found, [f"{problem}; {problem.hint}" for problem in problems]


def test_every_combination_is_a_case_in_order(tmp_path):
    matrix = {"model": ["a", "b"], "variables": {"tone": ["x", "y"]}}
    written = Cases.model_validate({"matrix": matrix, "data": [{"id": "r", "q": 1}, {"q": 2}]})
    found, _ = cases(tmp_path, written)
    assert [",".join(case.parts) for case in found] == [
        "model=a,tone=x,r",
        "model=a,tone=x,row2",
        "model=a,tone=y,r",
        "model=a,tone=y,row2",
        "model=b,tone=x,r",
        "model=b,tone=x,row2",
        "model=b,tone=y,r",
        "model=b,tone=y,row2",
    ]
    last = found[-1]
    assert (last.model, last.variables) == ("b", {"tone": "y", "q": 2})
    assert last.labels == {"model": "b", "tone": "y", "row": "row2"}
    assert str(last) == "[model=b,tone=y,row2] (s.yaml:11)"


def test_labels_are_whole_and_parts_are_short(tmp_path):
    [case], _ = cases(tmp_path, Cases.model_validate({"matrix": {"variables": {"my key": ["x " * 40]}}}))
    assert case.labels == {"my key": "x " * 40}
    assert case.parts == ("my-key=" + "-".join("x" * 16) + "-",)
    assert (case.model, case.position) == (None, None)


def test_ids_stand_once_and_names_may_stand_twice(tmp_path):
    rows = [{"id": 1, "name": "Kim"}, {"id": "1"}, {"name": "Kim"}]
    _, problems = cases(tmp_path, Cases.model_validate({"data": rows}))
    assert problems == [
        "s.yaml:11:3: two rows have the id `1`; the other is at s.yaml:10; rename one, or rename the column"
    ]
    found, problems = cases(tmp_path, Cases.model_validate({"data": [{"name": "Kim"}, {"name": "Kim"}]}))
    assert ([case.parts for case in found], problems) == ([("Kim",), ("Kim-2",)], [])


def test_a_variable_has_one_source(tmp_path):
    written = {"matrix": {"variables": {"q": [1], "other": [1]}}, "data": [{"a": 1}, {"q": 2}]}
    _, [problem] = cases(tmp_path, Cases.model_validate(written))
    assert "`q` is given twice: by the matrix, and by the data; rename one; the data gives it at s.yaml:11" in problem


@pytest.mark.parametrize("over", [0, 1])
def test_there_is_a_bound(tmp_path, over):
    matrix = {"model": [f"m{n}" for n in range(100)], "variables": {"v": [*range(MOST_CASES // 100 + over)]}}
    found, problems = cases(tmp_path, Cases.model_validate({"matrix": matrix}))
    if over:
        assert not found
        assert problems == [
            "s.yaml:2:1: this makes 10,100 cases (100 x 101); at most 10,000 are run; "
            "list fewer values or rows, or write several scenarios"
        ]
    else:
        assert len({case.parts for case in found}) == MOST_CASES


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
VALUES = st.lists(st.one_of(TEXTS, st.booleans(), st.integers()), min_size=1, max_size=4, unique_by=repr)
MATRIX = st.fixed_dictionaries(
    {
        "model": st.one_of(st.none(), st.lists(TEXTS, min_size=1, max_size=3, unique=True)),
        "variables": st.dictionaries(TEXTS.filter(lambda name: name not in ("model", "row")), VALUES, max_size=3),
    }
).filter(lambda matrix: matrix["model"] or matrix["variables"])
ROWS = st.lists(st.fixed_dictionaries({"a long column": TEXTS}, optional={"name": TEXTS}), min_size=1, max_size=5)


@given(MATRIX, st.one_of(st.none(), ROWS))
def test_cases_are_the_product_and_their_names_differ(tmp_path_factory, matrix, rows):
    if rows is not None:
        matrix = {**matrix, "variables": {k: v for k, v in matrix["variables"].items() if k != "name"}}
        if not matrix["model"] and not matrix["variables"]:
            matrix = None
    found, problems = cases(tmp_path_factory.getbasetemp(), Cases.model_validate({"matrix": matrix, "data": rows}))
    sizes = [len(rows or [0])]
    if matrix:
        sizes += [len(matrix["model"] or [0]), *map(len, matrix["variables"].values())]
    assert not problems
    assert len(found) == prod(sizes)
    assert len({case.parts for case in found}) == len(found)
    assert len({repr((case.model, case.variables, case.position)) for case in found}) == len(found)
