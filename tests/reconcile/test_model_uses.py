from datetime import date

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Resource
from orchestrator.reconcile.model_uses import ModelUse, uses, warnings
from orchestrator.spec.loader import Ask, load

TODAY = date(2026, 11, 23)


def assistant(name, model):
    address = Address(Kind.ASSISTANT, name)
    return Resource(address, {"model": model}, frozenset(), Position("a.yaml", 3))


RESOURCES = {each.address: each for each in (assistant("b", "old"), assistant("a", "old"), assistant("c", "new"))}


def test_models_are_told_with_who_names_them_and_those_that_end_first_in_front():
    listed = {"new": None, "old": date(2027, 1, 14), "other": None}
    assert uses(RESOURCES, (), listed) == (
        ModelUse("old", ("assistant.a", "assistant.b"), True, date(2027, 1, 14)),
        ModelUse("new", ("assistant.c",), True),
    )


def test_a_target_without_a_list_has_them_all_and_a_star_answers_for_all():
    assert all(use.listed for use in uses(RESOURCES, (), None))
    assert all(use.listed for use in uses(RESOURCES, (), {"*": None}))
    assert [use.listed for use in uses(RESOURCES, (), {"old": None})] == [False, True]


def test_scenarios_that_choose_a_model_use_it(tmp_path):
    (tmp_path / "orch.yaml").write_text(
        "{kind: Project, name: p, targets: {local: {provider: local}}}\n---\n"
        "{kind: Assistant, name: a, model: m}\n---\n"
        "{kind: Scenario, name: s, assistant: a, matrix: {model: [m, n]}, turns: [{user: hi}]}\n"
    )
    project = load(Ask(start=tmp_path, cwd=tmp_path))
    found = {use.model: use.users for use in uses(project.resources, project.scenarios, None)}
    assert found == {"m": ("assistant.a", "scenario.s"), "n": ("scenario.s",)}


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (None, None),
        (date(2027, 2, 22), None),
        (date(2027, 2, 21), "old is shut down on 2027-02-21, in 90 days"),
        (date(2026, 11, 24), "old is shut down on 2026-11-24, in 1 day"),
        (date(2026, 11, 23), "old is shut down on 2026-11-23, today"),
        (date(2026, 10, 23), "old was shut down on 2026-10-23, 31 days ago"),
    ],
)
def test_what_ends_soon_is_told_at_every_place_that_names_it(ends, told):
    found = warnings(uses(RESOURCES, (), {"old": ends, "new": None}), RESOURCES, "t", TODAY)
    assert [each.message for each in found] == ([told, told] if told else [])
    assert all("`orch test --model old --model OTHER`" in str(each.hint) for each in found)


def test_what_the_target_does_not_have_is_told():
    (problem,) = warnings(uses(RESOURCES, (), {"old": None}), RESOURCES, "openai", TODAY)
    assert (problem.message, str(problem.position)) == ("target openai has no model new", "a.yaml:3:1")
