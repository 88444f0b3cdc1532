from datetime import date, timedelta

import pytest

from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.plan import Retiring
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.retiring import retiring
from tests.reconcile.building import address, applied, assistant, planned, project, store

TODAY = date(2026, 11, 23)


def found(dates, *resources, provider=None, options=None):
    declared = project(*resources)
    return retiring(planned(provider or MemoryProvider(), declared, options), declared, dates, TODAY)


@pytest.mark.parametrize(("days", "warned"), [(-30, True), (0, True), (1, True), (90, True), (91, False), (400, False)])
def test_a_model_that_goes_within_90_days_or_is_gone_is_told(days, warned):
    day = TODAY + timedelta(days=days)
    expected = (Retiring(address("assistant.tutor"), "gpt-4o", day.isoformat(), days),) if warned else ()
    assert found({"gpt-4o": day}, assistant()) == expected


def test_models_without_a_date_and_assistants_without_a_model_are_not_told():
    assert found({"other": TODAY}, assistant(), assistant("b", {"model": None}), store()) == ()


def test_the_earliest_comes_first_and_what_is_unchanged_counts_too():
    provider = MemoryProvider()
    applied(provider, project(assistant("a")))
    dates = {"gpt-4o": date(2026, 12, 11), "gpt-5": date(2026, 12, 1)}
    seen = found(dates, assistant("a"), assistant("b", {"model": "gpt-5"}), provider=provider)
    assert [str(item.address) for item in seen] == ["assistant.b", "assistant.a"]


def test_what_is_deleted_is_not_told():
    provider = MemoryProvider()
    applied(provider, project(assistant()))
    assert found({"gpt-4o": TODAY}, assistant(), provider=provider, options=PlanOptions(destroy=True)) == ()
