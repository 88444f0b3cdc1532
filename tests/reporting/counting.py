"""A run with costs, a budget that was reached, quarantines and a result of the run before."""

import asyncio
from dataclasses import replace
from datetime import date

from orchestrator.model.conversation import Usage
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.providers.scripted_conversation import ScriptedConversation, says
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import RunOptions, run
from tests.reporting.conftest import located

TODAY = date(2026, 3, 1)
USAGE = Usage(20, 5)


def counted() -> Run:
    """`held` failed and `good` passed in quarantine, the one of `over` has ended; `left` was beyond the budget."""
    scenarios = [_held("held", "2026-03-01"), _held("good", "2026-04-01"), _held("over", "2026-02-28"), _held("left")]
    options = RunOptions(concurrency=1, today=TODAY, budget_usd=0.0002)
    talks = {name: says("good" if name == "good" else "bad", usage=USAGE) for name in ("held", "good", "over", "left")}
    # The budget is that of two attempts; the first scenario is of the run before, where there was none.
    before = asyncio.run(
        run(scenarios[:1], lambda each: ScriptedConversation([talks[each.scenario.name]]), RunOptions())
    )
    ran = asyncio.run(run(scenarios[1:], lambda each: ScriptedConversation([talks[each.scenario.name]]), options))
    first = replace(before.results[0], taken_over=True, quarantined=True)
    results = tuple(
        replace(result, attempts=tuple(replace(attempt, duration_ms=10) for attempt in result.attempts))
        for result in (first, *ran.results)
    )
    return replace(ran, results=results, duration_ms=100)


def _held(name: str, until: str | None = None) -> LocatedScenario:
    spec = {"name": name, "assistant": "tutor", "turns": [{"user": "hi", "checks": [{"contains": "good"}]}]}
    held = {"quarantine": {"reason": "waits for the\nvendor", "until": until}} if until else {}
    return replace(located({**spec, **held}), price=Price(input=2.5, output=10))
