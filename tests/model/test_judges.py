"""A judge as written: its votes, its quorum, its criteria, and the assistant it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.judges import Judge, Opinion, get_assistant, get_instructions
from orchestrator.model.resources import JsonSchemaReply
from orchestrator.spec.schema import check_parameters


def judge(**more: Any) -> Judge:
    return Judge.model_validate({"name": "strict", "model": "m", **more})


@given(st.integers(1, 25))
def test_without_a_quorum_more_than_half_have_to_agree(votes):
    needed = judge(votes=votes).needed
    assert needed * 2 > votes
    assert (needed - 1) * 2 <= votes
    assert judge(votes=votes, quorum=needed).needed == needed


@pytest.mark.parametrize(
    ("votes", "quorum", "message"),
    [
        (3, 4, "a quorum of 4 cannot agree with votes: 3"),
        (1, 2, "a quorum of 2 cannot agree with votes: 1"),
        (4, 2, "a quorum of 2 of 4 votes could say met and not met at once: take more than half"),
        (5, 2, "a quorum of 2 of 5 votes could say met and not met at once: take more than half"),
    ],
)
def test_a_quorum_is_a_majority_that_can_be_reached(votes, quorum, message):
    with pytest.raises(ValidationError) as caught:
        judge(votes=votes, quorum=quorum)
    assert caught.value.errors()[0]["msg"] == message


@pytest.mark.parametrize(
    ("written", "criteria"),
    [
        ("strict", ("a", "b")),
        ({"by": "strict"}, ("a", "b")),
        ({"by": "strict", "criteria": ["c", "c"]}, ("c",)),
        ({"by": "strict", "also": ["c", "a"]}, ("a", "b", "c")),
    ],
)
def test_a_check_gives_criteria_of_its_own_or_adds_some(written, criteria):
    check = JudgeCheck.model_validate({"judge": written})
    assert (check.by, check.get_criteria(["a", "b"])) == ("strict", criteria)


def test_criteria_in_place_of_the_judges_own_and_besides_them_exclude_each_other():
    with pytest.raises(ValidationError, match="give one"):
        JudgeCheck.model_validate({"judge": {"by": "strict", "criteria": ["a"], "also": ["b"]}})


def test_the_assistant_replies_in_a_form_that_strict_mode_takes():
    made = get_assistant(judge(temperature=0.5))
    assert (made.name, made.model, made.temperature, made.tools) == ("strict", "m", 0.5, None)
    assert isinstance(made.response_format, JsonSchemaReply)
    written = made.response_format.json_schema
    assert written.strict
    assert check_parameters(written.schema_, strict=True, called="schema") == []
    entry = written.schema_["properties"]["criteria"]["items"]["properties"]
    assert entry["verdict"]["enum"] == [str(opinion) for opinion in Opinion]
    assert list(entry).index("reason") < list(entry).index("verdict"), "a model thinks before it says"


def test_guidance_stands_below_orchs_own_instructions():
    own = get_instructions(None)
    assert get_instructions("") == own
    assert get_instructions("Be kind.") == f"{own}\n\nFurther guidance:\n\nBe kind."
    assert all(f"- {opinion}:" in own for opinion in Opinion)
