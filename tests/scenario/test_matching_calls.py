"""Arguments of a call against what they have to be, in every way, with the first difference told."""

import pytest
from pydantic import ValidationError

from orchestrator.model.matchers import ArgumentsPattern, When
from orchestrator.scenario.matching_calls import describe_wanted, find_misfit

ORDER = {"id": "A-1", "lines": [{"sku": "x", "n": 2}], "gift": False}


@pytest.mark.parametrize(
    ("pattern", "misfit"),
    [
        ({}, None),
        ({"arguments": {}}, None),
        ({"arguments": {"id": "A-1"}}, None),
        ({"arguments": {"lines": [{"sku": "x", "n": 2}]}}, None),
        ({"arguments": {"id": "A-2"}}, 'id: expected "A-2", got "A-1"'),
        ({"arguments": {"gift": 0}}, "gift: expected 0, got false"),
        ({"arguments": {"name": "x"}}, 'name: expected "x", but it is missing'),
        ({"exact": ORDER}, None),
        ({"exact": {"id": "A-1", "gift": False}}, "lines"),
        ({"exact": {}}, ""),
        ({"regex": {"id": "^A-\\d$"}}, None),
        ({"regex": {"lines": '"sku": "x"'}}, None),
        ({"regex": {"id": "^B"}}, 'id: expected what matches "^B", got "A-1"'),
        ({"regex": {"name": "."}}, 'name: expected what matches ".", but it is missing'),
        ({"schema": {"required": ["id"]}}, None),
        ({"schema": {"required": ["name"]}}, "name"),
        ({"schema": {"properties": {"lines": {"items": {"properties": {"n": {"maximum": 1}}}}}}}, "lines[0].n"),
        ({"jmespath": "lines[0].n > `1`"}, None),
        ({"jmespath": "lines[?n > `5`]"}, "lines[?n > `5`]: expected a value, got []"),
        ({"jmespath": "gift"}, "gift: expected a value, got false"),
        ({"jmespath": "abs(id)"}, "abs(id): "),
        ({"arguments": {"id": "A-1"}, "jmespath": "gift"}, "gift: expected a value, got false"),
    ],
)
def test_every_way(pattern, misfit):
    found = find_misfit(ArgumentsPattern.model_validate(pattern), ORDER)
    assert (found is None) == (misfit is None), found
    assert misfit is None or misfit in str(found)


def test_arguments_that_are_no_json_object_fit_only_where_nothing_is_asked():
    assert find_misfit(ArgumentsPattern(), {}, invalid="{") is None
    assert find_misfit(ArgumentsPattern(arguments={}), {}, invalid="{") == "the arguments are not a JSON object"


def test_zero_is_a_value_a_query_may_find():
    assert find_misfit(ArgumentsPattern(jmespath="n"), {"n": 0}) is None


def test_when_says_something():
    with pytest.raises(ValidationError, match="says nothing of the arguments"):
        When()
    assert When(exact={}).exact == {}


def test_what_is_asked_in_words():
    pattern = ArgumentsPattern.model_validate(
        {"arguments": {"a": 1}, "exact": {}, "regex": {"b": "^x"}, "jmespath": "c"}
    )
    assert describe_wanted(pattern) == (
        ' with {"a": 1} and exactly {} and b that matches "^x" and arguments for which c holds'
    )
    assert describe_wanted(ArgumentsPattern()) == ""
