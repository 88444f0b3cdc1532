"""Assistants that ask one another: who names whom, and circles."""

import pytest

from orchestrator.model.resources import Assistant
from orchestrator.spec.connections import circle, connected


@pytest.mark.parametrize(
    ("named", "way"),
    [
        ({"a": ["b"], "b": []}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b", "a"]}, ["a", "b", "d", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, None),
        ({"a": ["gone"]}, None),
    ],
)
def test_the_way_back_is_found_where_there_is_one(named, way):
    assert circle("a", named["a"][0], named) == way


def test_only_assistants_of_the_project_are_named():
    tools = [
        {"bing_grounding": {"connection_id": "c"}},
        {"connected_agent": {"assistant": "law", "name": "lawyer", "description": "L"}},
        {"connected_agent": {"id": "asst_1", "name": "cook", "description": "C"}},
    ]
    spec = Assistant.model_validate({"name": "a", "model": "m", "assistants": {"tools": tools}})
    assert connected(spec) == [(1, "law")]
    assert connected(Assistant(name="a", model="m")) == []
