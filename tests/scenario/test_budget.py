"""A budget is reached when it is spent, and when nobody knows whether it is."""

from orchestrator.scenario.budget import Budget


def test_a_budget_counts_what_is_spent():
    budget = Budget(1.0)
    assert not budget.is_reached
    budget = budget.after(0.4).after(0.0).after(0.5)
    assert (round(budget.spent_usd, 6), budget.is_reached) == (0.9, False)
    assert budget.after(0.1).is_reached
    assert budget.after(5.0).spent_usd == 5.9


def test_a_cost_that_is_not_known_ends_it():
    budget = Budget(1.0).after(None)
    assert (budget.spent_usd, budget.unknown, budget.is_reached) == (0.0, 1, True)
