"""JMESPath: what a query leads to, and what is wrong with it on one line."""

import pytest

from orchestrator.spec.queries import QueryError, search, why_unreadable


@pytest.mark.parametrize(
    ("query", "value"),
    [("a.b[0]", 1), ("a.gone", None), ("length(a.b)", 2), ("@", {"a": {"b": [1, 2]}}), ("a.b[?@ > `1`]", [2])],
)
def test_what_a_query_leads_to(query, value):
    assert why_unreadable(query) is None
    assert search(query, {"a": {"b": [1, 2]}}) == value


@pytest.mark.parametrize(
    "query", ["a[", "a..b", "", "nothing(a)x", "'", "nothing(a)", "[length(a), sort_by(a, &nothing(b))]"]
)
def test_what_is_no_query(query):
    why = why_unreadable(query)
    assert why
    assert "\n" not in why
    assert not why.endswith(":")
    with pytest.raises(QueryError):
        search(query, {"a": [{"b": 1}]})


@pytest.mark.parametrize("query", ["length(a)", "nothing(a)", "length(a, a)"])
def test_what_does_not_fit_the_data(query):
    with pytest.raises(QueryError):
        search(query, {"a": 1})
