"""A conversation takes the fewest requests its wire allows, counted on the wire itself."""

import asyncio
import re

from orchestrator.scenario.report_format import Status
from orchestrator.scenario.runner import RunOptions, run
from tests.providers.building import JOURNAL, TUTOR, desired, in_process
from tests.reporting.conftest import located

QUIZ = {"tools.quiz": "function", "tools.quiz.parameters": {"type": "object", "properties": {}}}
TALK = {
    "name": "talk",
    "assistant": "tutor",
    "turns": [
        {"user": "hi", "checks": [{"equals": "hello"}]},
        {"user": "quiz", "mocks": {"quiz": {"returns": "a"}}, "checks": [{"contains": "you said a and a"}]},
        {"user": "bye"},
    ],
}


def test_three_turns_with_one_round_of_functions_are_five_requests(tmp_path):
    async def check() -> list[str]:
        async with in_process(tmp_path) as (provider, witness):
            assistant = await provider.create(desired(TUTOR, {"model": "m", **QUIZ}), JOURNAL)
            witness.seen.clear()
            done = await run([located(TALK)], lambda _: provider.open(assistant), RunOptions())
            assert [(result.status, result.requests) for result in done.results] == [(Status.PASSED, 5)]
            return [re.sub(r"(thread|run)_\w+", "ID", name) for name in witness.seen]

    assert asyncio.run(check()) == [
        "POST /threads/runs",  # makes the thread with its first message, and streams the run
        "POST /threads/ID/runs",  # the second message travels with its run
        "POST /threads/ID/runs/ID/submit_tool_outputs",  # both outputs together; streams on
        "POST /threads/ID/runs",
        "DELETE /threads/ID",
    ]
