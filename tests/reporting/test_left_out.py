"""Why a scenario was not run: the first reason that holds for the whole run."""

from dataclasses import replace

from orchestrator.reporting.left_out import why_left_out
from orchestrator.scenario.budget import Budget
from orchestrator.scenario.results import Run
from tests.reporting.conftest import LATER, located

RUN = Run((), 1.0, not_run=(located(LATER),))


def test_why():
    spent = Budget(0.5).after(0.75)
    assert why_left_out(RUN) == "a scenario before did not pass (--fail-fast)"
    assert why_left_out(replace(RUN, budget=Budget(0.5))) == "a scenario before did not pass (--fail-fast)"
    assert why_left_out(replace(RUN, budget=spent)) == "the budget of $0.50 is spent"
    assert why_left_out(replace(RUN, budget=spent, interrupted=True)) == "the run was interrupted"


def test_a_budget_that_cannot_be_held_is_told():
    assert "did not say how many tokens" in why_left_out(replace(RUN, budget=Budget(0.5).after(None)))
