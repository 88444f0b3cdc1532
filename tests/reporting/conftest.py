"""A run with one scenario of each kind, played for real, with its times made equal."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import TargetBusyError, TargetError
from orchestrator.model.conversation import (
    Citation,
    CodeRun,
    Evidence,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import RunOptions, run

QUIZ = {
    "name": "quiz",
    "assistant": "math-tutor",
    "turns": [
        {
            "user": "퀴즈를 만들어줘",
            "mocks": {"display_quiz": {"returns": ["I don't know.", "a"]}},
            "checks": [{"tool_called": "display_quiz"}, {"contains": "피드백"}],
        }
    ],
}
PAPERS = {
    "name": "papers",
    "assistant": "math-tutor",
    "turns": [
        {"user": "논문을 찾아줘", "checks": [{"cites": "gpt.pdf"}]},
        {"user": "고마워\n정말", "checks": [{"contains": "천만에요"}, {"not": {"contains": "네"}}]},
        {"user": "안녕"},
    ],
}
LOOKUP = {"name": "lookup", "assistant": "support", "turns": [{"user": "Where is A-1?"}, {"user": "ok"}]}
BUSY = {"name": "busy", "assistant": "support", "turns": [{"user": "hi"}]}
LATER = {"name": "later", "assistant": "support", "turns": [{"user": "hi"}]}

FOUND = Evidence(
    (Search((Passage("file-1", "gpt.pdf", 0.8215, "text"),)),), (CodeRun("print(1)\nprint(2)", "1\n2\n", images=1),)
)
CITED = Reply(
    ReplyStatus.COMPLETED, (Message("여기 있어요 [1]", (Citation("file-1", "gpt.pdf", "[1]"),)),), evidence=FOUND
)
SCRIPTS: dict[str, list[Reply | TargetError]] = {
    "quiz": [calls(("display_quiz", {"title": "수학"}), usage=Usage(60, 4)), says("피드백: 좋아요", usage=Usage(9, 2))],
    "papers": [CITED, says("네.\x1b[31m\n네.\ud800")],
    "lookup": [calls(("lookup_order", {"id": "A-1"}))],
    "busy": [TargetBusyError("too many requests", "try again later")],
}


def located(spec: Mapping[str, object], line: int = 1) -> LocatedScenario:
    name = f"specs/{spec['name']}.yaml"
    return LocatedScenario(Scenario.model_validate(spec), Position(name, line), Path("/project", name))


@pytest.fixture
def a_run() -> Run:
    """`quiz` passed, `papers` failed in its second turn, `lookup` lacks a mock, `busy` errored, `later` was not run."""
    scenarios: list[LocatedScenario] = [located(QUIZ), located(PAPERS, 7), located(LOOKUP), located(BUSY)]
    ran = asyncio.run(run(scenarios, lambda spec: ScriptedConversation(SCRIPTS[spec.scenario.name]), RunOptions()))
    results = [
        replace(
            result,
            attempts=tuple(
                replace(
                    attempt,
                    duration_ms=41.2,
                    turns=tuple(replace(turn, duration_ms=20.4) for turn in attempt.turns),
                )
                for attempt in result.attempts
            ),
        )
        for result in ran.results
    ]
    return Run(tuple(results), 1234.5, not_run=(located(LATER),))
