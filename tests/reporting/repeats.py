"""Scenarios that were played several times, with their times made equal."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from orchestrator.errors import TargetBusyError
from orchestrator.model.project import LocatedScenario
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, says
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import RunOptions, run
from tests.reporting.conftest import located


def played(**scenarios: tuple[int | Mapping[str, object], str]) -> Run:
    """Run scenarios, each given as `repeat` and the words of its attempts in order: good, bad or down."""
    words = {name: iter(ends.split()) for name, (_, ends) in scenarios.items()}

    def begin(spec: LocatedScenario) -> Conversation:
        word = next(words[spec.scenario.name])
        return ScriptedConversation([TargetBusyError("too many requests")] if word == "down" else [says(word)])

    turns = [{"user": "hi", "checks": [{"contains": "good"}]}]
    specs = [
        located({"name": name, "assistant": "tutor", "turns": turns, "repeat": repeat})
        for name, (repeat, _) in scenarios.items()
    ]
    ran = asyncio.run(run(specs, begin, RunOptions(concurrency=1)))
    results = [
        replace(result, attempts=tuple(replace(attempt, duration_ms=10) for attempt in result.attempts))
        for result in ran.results
    ]
    return replace(ran, results=tuple(results), duration_ms=100)
