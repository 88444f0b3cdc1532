"""Results of scenarios as played, with everything in them that a result can hold."""

import asyncio
from collections.abc import Sequence
from datetime import date

from orchestrator.errors import TargetError
from orchestrator.model.conversation import Reply
from orchestrator.model.project import LocatedScenario
from orchestrator.providers.scripted_conversation import ScriptedConversation
from orchestrator.scenario.results import ScenarioResult
from orchestrator.scenario.runner import RunOptions, run
from tests.reporting.conftest import BUSY, LOOKUP, PAPERS, QUIZ, SCRIPTS, located

TODAY = date(2026, 3, 1)
SPECS = {str(spec["name"]): spec for spec in (QUIZ, PAPERS, LOOKUP, BUSY)}


def finished(name: str, script: Sequence[Reply | TargetError] | None = None) -> ScenarioResult:
    """Give one of the results: quiz passed, papers failed with evidence, lookup lacks a mock, busy errored."""
    spec: LocatedScenario = located(SPECS[name])
    replies = SCRIPTS[name] if script is None else script
    [result] = asyncio.run(run([spec], lambda _: ScriptedConversation(replies), RunOptions(today=TODAY))).results
    return result
