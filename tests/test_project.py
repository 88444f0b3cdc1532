"""The wiring between an apply and its history: what is recorded, also where it dies."""

import asyncio
import json
from dataclasses import replace

import pytest

from orchestrator.errors import SpecError, TargetBusyError
from orchestrator.model.project import Project
from orchestrator.project import Session, apply_recorded, fetch_plan, journal_path, open_conversations
from orchestrator.providers.memory import Fault, MemoryProvider
from orchestrator.providers.scripted_conversation import ScriptedConversation
from orchestrator.reconcile.history import Command, Entry, get_history_file, read_history
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.reconcile.remembering import Origin
from orchestrator.scenario.judge_prompt import Case
from orchestrator.scenario.runner import with_judge
from orchestrator.spec.loader import Ask, load

HEAD = "kind: Project\nname: shop\ntargets: {local: {provider: local}}\n"
ORIGIN = Origin(Command.APPLY, "somebody", "a" * 40)


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "orch.yaml").write_text(HEAD)
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.yaml").write_text(f"kind: Assistant\nname: {name}\nmodel: m\n")
    return load(Ask(tmp_path, tmp_path))


async def apply(project: Project, provider: MemoryProvider, told: list[str] | None = None) -> None:
    session = Session(project, provider)
    decided = await fetch_plan(session, PlanOptions())
    await apply_recorded(session, decided, 1, ORIGIN, (told if told is not None else []).append)


def entries(project: Project) -> list[Entry]:
    return list(read_history(get_history_file(project.root)).entries.values())


def outcomes(entry: Entry) -> dict[str, str]:
    return {str(outcome.address): outcome.status.value for outcome in entry.outcomes}


def test_what_was_done_and_what_failed_is_recorded_and_nothing_to_do_is_not(project):
    provider = MemoryProvider(faults=[Fault("POST /assistants", TargetBusyError("too many requests", "later"), 2)])
    asyncio.run(apply(project, provider))
    asyncio.run(apply(project, provider))
    asyncio.run(apply(project, provider))
    first, second = entries(project)
    assert first.summary == {"applied": 2, "failed": 1, "blocked": 0, "skipped": 0}
    assert [outcome.error for outcome in first.outcomes if outcome.error] == ["too many requests"]
    assert second.summary["applied"] == 1
    assert (first.who, first.target, first.project, first.revision) == ("somebody", "local", "shop", "a" * 40)
    assert first.plan_hash != second.plan_hash
    assert not first.interrupted


def test_an_apply_that_dies_records_what_was_done(project):
    async def die(request: str) -> None:
        if provider.requests.counts.get("POST /assistants") == 3:
            raise RuntimeError("a fault of ours")

    provider = MemoryProvider(on_request=die)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        asyncio.run(apply(project, provider))
    (entry,) = entries(project)
    assert list(outcomes(entry).values()) == ["applied", "applied"]
    assert entry.interrupted


def test_an_apply_that_dies_before_its_first_change_is_none(project):
    async def die() -> None:
        session = Session(project, MemoryProvider())
        decided = await fetch_plan(session, PlanOptions())
        journal_path(project).mkdir(parents=True)
        await apply_recorded(session, decided, 1, ORIGIN, lambda text: None)

    with pytest.raises(IsADirectoryError):
        asyncio.run(die())
    assert entries(project) == []


def test_an_interrupted_apply_records_what_was_done_and_what_was_not(project):
    async def run() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def hold(request: str) -> None:
            if request == "POST /assistants":
                begun.set()
                await go_on.wait()

        running = asyncio.create_task(apply(project, MemoryProvider(on_request=hold)))
        await begun.wait()
        running.cancel()  # what Ctrl-C does to it
        await asyncio.sleep(0)
        go_on.set()
        await running

    asyncio.run(run())
    (entry,) = entries(project)
    assert sorted(outcomes(entry).values()) == ["applied", "skipped", "skipped"]
    assert entry.interrupted


def test_a_history_that_cannot_be_written_is_told_and_fails_nothing(project):
    get_history_file(project.root).mkdir(parents=True)
    provider, told = MemoryProvider(), list[str]()
    asyncio.run(apply(project, provider, told))
    assert len(provider.objects) == 3
    (message,) = told
    assert "history.jsonl" in message


def test_the_plan_of_an_entry_is_the_plan_that_was_shown(project):
    provider = MemoryProvider()
    session = Session(project, provider)
    decided = asyncio.run(fetch_plan(session, PlanOptions()))
    asyncio.run(apply_recorded(session, decided, 1, replace(ORIGIN, who="x"), lambda text: None))
    (line,) = get_history_file(project.root).read_text().splitlines()
    assert json.loads(line)["plan_hash"] == decided.hash


JUDGED = """\
kind: Judge
name: strict
model: grader
criteria: [answers]
---
kind: Scenario
name: asks
assistant: one
turns: [{user: hi, checks: [judge: strict]}]
---
kind: Scenario
name: asks-not
assistant: one
turns: [{user: hi}]
"""


def test_a_scenario_needs_its_judges_as_they_are_declared(project):
    (project.root / "judged.yaml").write_text(JUDGED)
    judged = load(Ask(project.root, project.root))
    asks, asks_not = judged.scenarios
    talks: list[str] = []

    def talk(assistant_id: str, model: str | None) -> ScriptedConversation:
        assert model is None
        talks.append(assistant_id)
        return ScriptedConversation([])

    provider = MemoryProvider(conversations=talk)
    asyncio.run(apply(project, provider))

    async def opened() -> None:
        session = Session(judged, provider)
        await open_conversations(session, [asks_not])
        with pytest.raises(SpecError) as caught:
            await open_conversations(session, [asks, asks_not])
        [problem] = caught.value.diagnostics
        assert problem.message == "assistant.strict is not there on target local"
        assert problem.position == asks.position
        await apply(judged, provider)
        open_ = await open_conversations(session, [asks])
        open_(asks)
        open_(with_judge(asks, Case("strict", ("answers",), ())))
        names = [provider.objects[id].fields["display_name"] for id in talks]
        assert names == ["one", "strict"]
        provider.objects[talks[1]].fields["model"] = "another"
        with pytest.raises(SpecError, match=r"assistant\.strict is not what the specs say"):
            await open_conversations(session, [asks])

    asyncio.run(opened())
