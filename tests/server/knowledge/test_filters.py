"""Attribute filters do what they say in SQL, and wrong ones are named with their place."""

import json
import sqlite3
from contextlib import closing

import pytest

from orchestrator.server.knowledge.filters import MAX_DEPTH, parse_filter
from orchestrator.server.wire import WireError

FILES = {
    "paper": {"topic": "lm", "year": 2019, "draft": False, "score": 0.5},
    "note": {"topic": "math", "year": 2024, "draft": True},
    "odd": {"year": "2019", 'quo"te': "1' OR 1=1 --"},
    "bare": {},
}


def matching(value: object) -> set[str]:
    condition = parse_filter(value)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE f (name TEXT, attributes TEXT)")
        connection.executemany("INSERT INTO f VALUES (?, ?)", [(n, json.dumps(a)) for n, a in FILES.items()])
        rows = connection.execute(f"SELECT name FROM f WHERE {condition.sql}", condition.parameters)
        return {name for (name,) in rows}


def compare(kind: str, key: str, value: object) -> dict[str, object]:
    return {"type": kind, "key": key, "value": value}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (compare("eq", "topic", "lm"), {"paper"}),
        (compare("eq", "year", 2019), {"paper"}),
        (compare("eq", "year", 2019.0), {"paper"}),
        (compare("eq", "year", "2019"), {"odd"}),
        (compare("eq", "draft", True), {"note"}),
        (compare("eq", "draft", 1), set()),
        (compare("ne", "topic", "lm"), {"note", "odd", "bare"}),
        (compare("gt", "year", 2019), {"note"}),
        (compare("gte", "year", 2019), {"paper", "note"}),
        (compare("lt", "score", 1), {"paper"}),
        (compare("lte", "year", 10**30), {"paper", "note"}),
        (compare("lt", "topic", "m"), {"paper"}),
        (compare("in", "topic", ["lm", "math"]), {"paper", "note"}),
        (compare("in", "year", [2019, "2019"]), {"paper", "odd"}),
        (compare("nin", "topic", ["lm"]), {"note", "odd", "bare"}),
        (compare("in", "year", [f"{n}" for n in range(1500)] + [2019]), {"paper"}),
        (compare("nin", "year", [*range(1500), "2019"]), {"paper", "note", "bare"}),
        (compare("in", "draft", [True, 0]), {"note"}),
        (compare("in", "year", [2019.0, 10**30]), {"paper"}),
        (compare("eq", 'quo"te', "1' OR 1=1 --"), {"odd"}),
        ({"type": "and", "filters": [compare("gte", "year", 2000), compare("ne", "draft", True)]}, {"paper"}),
        (
            {
                "type": "or",
                "filters": [
                    compare("eq", "topic", "math"),
                    {"type": "and", "filters": [compare("eq", "year", "2019"), compare("nin", "topic", ["x"])]},
                ],
            },
            {"note", "odd"},
        ),
    ],
)
def test_filters_choose_files(value, names):
    assert matching(value) == names


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ([], "filters"),
        ({"type": "like", "key": "a", "value": "b"}, "filters.type"),
        ({"key": "a", "value": "b"}, "filters.type"),
        ({"type": ["eq"], "key": "a", "value": "b"}, "filters.type"),
        ({"type": "eq", "value": "b"}, "filters.key"),
        ({"type": "eq", "key": 1, "value": "b"}, "filters.key"),
        ({"type": "eq", "key": "a"}, "filters.value"),
        (compare("eq", "a", None), "filters.value"),
        (compare("eq", "a", ["b"]), "filters.value"),
        (compare("gt", "a", True), "filters.value"),
        (compare("in", "a", "b"), "filters.value"),
        (compare("in", "a", []), "filters.value"),
        ({**compare("eq", "a", "b"), "not": 1}, "filters.not"),
        ({"type": "and"}, "filters.filters"),
        ({"type": "and", "filters": []}, "filters.filters"),
        ({"type": "or", "filters": [compare("eq", "a", 1), compare("eq", "a", {})]}, "filters.filters[1].value"),
        ({"type": "or", "filters": [compare("eq", "a", 1)] * 300}, "filters"),
        ({"type": "or", "filters": [compare("in", "a", [1] * 6000)] * 2}, "filters"),
        (compare("lt", "a", 10**400), "filters.value"),
        (compare("eq", "a", float("nan")), "filters.value"),
        (compare("eq", "a", float("inf")), "filters.value"),
        (compare("in", "a", [1, 10**400]), "filters.value[1]"),
    ],
)
def test_a_wrong_filter_is_refused_with_its_place(value, param):
    with pytest.raises(WireError) as caught:
        parse_filter(value)
    assert caught.value.param == param
    assert param in caught.value.message


def test_deep_nesting_is_refused():
    value: dict[str, object] = compare("eq", "a", 1)
    for _ in range(MAX_DEPTH):
        value = {"type": "and", "filters": [value]}
    with pytest.raises(WireError, match="nested at most"):
        parse_filter(value)
