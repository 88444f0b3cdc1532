"""Runs with recordings: what each mode records, what is opened for it, and what is left of a run that is broken off."""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import TargetBusyError, TargetError
from orchestrator.model.conversation import Reply, Usage
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.offline import OfflineError
from orchestrator.scenario.recorded_run import Mode, Place, Recordings, run_recorded
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import Listener, Open, RunOptions
from orchestrator.scenario.seen import Seen

SAW = Seen({"instructions": "a"}, {})
CHANGED = Seen({"instructions": "b"}, {})
SCRIPT = (calls(("f", {}), usage=Usage(5, 1)), says("done", usage=Usage(7, 2)), says("bye"))


def scenario(name: str = "talk", turns: int = 2, output: str = "x", check: str = "done") -> LocatedScenario:
    first = {"user": "go", "mocks": {"f": {"returns": output}}, "checks": [{"contains": check}]}
    spec = {"name": name, "assistant": "tutor", "turns": [first, {"user": "thanks"}, {"user": "more"}][:turns]}
    return LocatedScenario(Scenario.model_validate(spec), Position(f"{name}.yaml"), Path(f"/{name}.yaml"))


class World:
    """A folder of recordings and a target that says what its script says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[list[str]] = []
        """Names of scenarios for which the target was opened, each time."""
        self.script: Sequence[Reply | TargetError] = (*SCRIPT, says("again"))

    @asynccontextmanager
    async def target(self, scenarios: Collection[LocatedScenario]) -> AsyncIterator[Open]:
        self.opened.append([located.scenario.name for located in scenarios])
        yield lambda _: ScriptedConversation(self.script)

    def recordings(self, mode: Mode, saw: Seen = SAW) -> Recordings:
        place = Place(self.folder, "recordings", "local", "")
        return Recordings(place, mode, lambda _: saw, Cleaner(["topsecret"]))

    def run(
        self, mode: Mode, *scenarios: LocatedScenario, saw: Seen = SAW, listener: Listener | None = None
    ) -> tuple[Run, Recordings]:
        recordings = self.recordings(mode, saw)
        chosen = scenarios or (scenario(),)
        return asyncio.run(run_recorded(chosen, recordings, self.target, RunOptions(), listener)), recordings

    def text(self, name: str = "talk") -> str:
        return (self.folder / "local" / f"{name}.json").read_text()


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path / "recordings")


@pytest.fixture
def recorded(world: World) -> World:
    ran, _ = world.run(Mode.ONCE)
    assert ran.results[0].status is Status.PASSED
    world.opened.clear()
    return world


def problem(ran: Run) -> str:
    [result] = ran.results
    assert result.status is Status.FAILED
    found = result.attempts[0].turns[-1].problem
    assert found
    assert found.kind == "recording"
    return f"{found.message}\n{found.hint}"


def test_what_is_recorded_is_replayed_without_the_target(recorded):
    ran, recordings = recorded.run(Mode.NONE)
    [attempt] = ran.results[0].attempts
    assert (attempt.status, attempt.recorded, attempt.requests) == (Status.PASSED, True, 0)
    assert (ran.usage, ran.recorded_usage) == (Usage(12, 3), Usage(12, 3))
    assert [turn.exchange.text for turn in attempt.turns] == ["done", "bye"]
    assert attempt.duration_ms == sum(turn.duration_ms for turn in attempt.turns)
    assert (recorded.opened, recordings.written) == ([], [])


@pytest.mark.parametrize(
    ("mode", "records"), [(Mode.NONE, False), (Mode.ONCE, True), (Mode.NEW, True), (Mode.STALE, True), (Mode.ALL, True)]
)
def test_without_a_recording_every_mode_but_none_records(world, mode, records):
    ran, recordings = world.run(mode)
    if records:
        assert (ran.results[0].status, world.opened, recordings.written) == (Status.PASSED, [["talk"]], ["talk"])
        assert not ran.results[0].recorded
        assert ran.requests == 4
    else:
        assert "there is no recording: recordings/local/talk.json" in problem(ran)
        assert "`orch test --name talk --target local --record once`" in problem(ran)
        assert (world.opened, ran.requests) == ([], 0)


@pytest.mark.parametrize("mode", [Mode.NONE, Mode.ONCE, Mode.NEW, Mode.STALE])
def test_a_good_recording_is_replayed_in_every_mode_but_all(recorded, mode):
    before = recorded.text()
    ran, _ = recorded.run(mode)
    assert (ran.results[0].status, recorded.opened, recorded.text()) == (Status.PASSED, [], before)


@pytest.mark.parametrize("mode", [Mode.NONE, Mode.ONCE, Mode.NEW])
def test_a_stale_recording_fails_and_names_the_input(recorded, mode):
    before = recorded.text()
    ran, _ = recorded.run(mode, saw=CHANGED)
    assert "stale: instructions of assistant.tutor changed since this was recorded" in problem(ran)
    assert "--record stale`" in problem(ran)
    assert (recorded.opened, recorded.text()) == ([], before)


@pytest.mark.parametrize("mode", [Mode.STALE, Mode.ALL])
def test_a_stale_recording_is_made_anew(recorded, mode):
    ran, recordings = recorded.run(mode, saw=CHANGED)
    assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
    assert recorded.run(Mode.NONE, saw=CHANGED)[0].results[0].status is Status.PASSED


@pytest.mark.parametrize(
    ("mode", "records"), [(Mode.NONE, False), (Mode.ONCE, False), (Mode.NEW, False), (Mode.STALE, True)]
)
def test_another_output_of_a_function_is_another_conversation(recorded, mode, records):
    ran, recordings = recorded.run(mode, scenario(output="y"))
    if records:
        assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
    else:
        assert "the output of f in turn 1 changed" in problem(ran)


@pytest.mark.parametrize("mode", [Mode.NEW, Mode.STALE])
def test_mocks_of_every_kind_answer_alike_when_it_is_seen_whether_a_recording_fits(world, mode):
    written = scenario()
    mocks = {"f": {"template": "{{ vars.who }} {{ arguments | length }}", "delay_ms": 1}}
    turns = [turn.model_dump() | {"mocks": {}} for turn in written.scenario.turns]
    spec = written.scenario.model_dump(exclude={"turns"}) | {"turns": turns, "mocks": mocks}
    talk = replace(written, scenario=Scenario.model_validate(spec), variables={"who": "Kim"})
    world.run(Mode.ONCE, talk)
    ran, recordings = world.run(mode, talk)
    assert (ran.results[0].status, recordings.written, recordings.unchanged) == (Status.PASSED, [], [])
    assert world.opened == [["talk"]]


@pytest.mark.parametrize(
    ("mode", "records"), [(Mode.NONE, False), (Mode.ONCE, False), (Mode.NEW, True), (Mode.STALE, True)]
)
def test_a_recording_shorter_than_the_scenario(recorded, mode, records):
    ran, recordings = recorded.run(mode, scenario(turns=3))
    if records:
        assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
    else:
        assert "the recording ends before turn 3" in problem(ran)
        assert "--record new`" in problem(ran)


def test_a_scenario_that_became_shorter_or_asks_otherwise_needs_no_new_recording(recorded):
    assert recorded.run(Mode.NONE, scenario(turns=1))[0].results[0].status is Status.PASSED
    ran, _ = recorded.run(Mode.NONE, scenario(check="something else"))
    [turn] = ran.results[0].attempts[0].turns
    assert (turn.status, turn.problem, turn.verdicts[0].check) == (Status.FAILED, None, "contains")


def test_recorded_anew_the_same_talk_is_the_same_file_whatever_the_time(recorded):
    before = recorded.text()
    ran, recordings = recorded.run(Mode.ALL)
    assert (ran.results[0].recorded, recordings.written, recordings.unchanged) == (False, [], ["talk"])
    assert recorded.text() == before


@pytest.mark.parametrize("mode", [Mode.NONE, Mode.ONCE, Mode.NEW, Mode.STALE])
def test_a_damaged_recording_fails_and_is_not_written_over(recorded, mode):
    file = recorded.folder / "local" / "talk.json"
    file.write_text(recorded.text()[:100])
    ran, _ = recorded.run(mode)
    assert "recordings/local/talk.json:" in problem(ran)
    assert "--record all`" in problem(ran)
    assert (len(recorded.text()), recorded.opened) == (100, [])


def test_all_writes_over_what_is_damaged(recorded):
    (recorded.folder / "local" / "talk.json").write_text("{")
    assert recorded.run(Mode.ALL)[1].written == ["talk"]


def test_only_what_needs_the_target_gets_it(recorded):
    ran, recordings = recorded.run(Mode.ONCE, scenario(), scenario("other"))
    assert (recorded.opened, recordings.written) == ([["other"]], ["other"])
    assert [result.recorded for result in ran.results] == [True, False]
    assert (ran.usage, ran.recorded_usage) == (Usage(24, 6), Usage(12, 3))


def test_what_the_target_could_not_do_is_no_recording(world):
    world.script = [SCRIPT[0], TargetBusyError("too many requests", "later")]
    ran, recordings = world.run(Mode.ONCE)
    assert (ran.results[0].status, recordings.unfinished) == (Status.ERRORED, ["talk"])
    assert (recordings.written, list(world.folder.rglob("*.json"))) == ([], [])


def test_a_call_without_a_mock_is_no_recording_and_a_failed_check_is_one(world):
    bare = {"name": "talk", "assistant": "tutor", "turns": [{"user": "go"}]}
    located = replace(scenario(), scenario=Scenario.model_validate(bare))
    ran, recordings = world.run(Mode.ONCE, located)
    assert (ran.results[0].status, recordings.unfinished) == (Status.FAILED, ["talk"])
    ran, recordings = world.run(Mode.ONCE, scenario(check="something else"))
    assert (ran.results[0].status, recordings.written) == (Status.FAILED, ["talk"])


def test_secrets_are_not_in_the_file(world):
    world.script = [says("done: your key is topsecret and sk-" + "a1" * 12)]
    world.run(Mode.ONCE, scenario(turns=1))
    assert "done: your key is *** and ***" in world.text()


class Cancelling(ScriptedConversation):
    """Breaks the run off in the middle of a talk, as Ctrl-C does."""

    def __init__(self, script: Sequence[Reply | TargetError], running: asyncio.Task[object]) -> None:
        super().__init__(script)
        self._running = running

    async def send(self, message: str) -> Reply:
        if message == "thanks":
            self._running.cancel()
            await asyncio.Event().wait()
        return await super().send(message)


def test_a_run_that_is_broken_off_leaves_old_recordings_and_keeps_finished_ones(recorded):
    before = recorded.text()

    async def run_it() -> Run:
        running = asyncio.current_task()
        assert running

        @asynccontextmanager
        async def target(_: Collection[LocatedScenario]) -> AsyncIterator[Open]:
            yield (
                lambda spec: (
                    Cancelling(SCRIPT, running) if spec.scenario.name == "talk" else ScriptedConversation(SCRIPT)
                )
            )

        recordings = recorded.recordings(Mode.ALL, CHANGED)
        return await run_recorded([scenario("first"), scenario()], recordings, target, RunOptions(concurrency=1))

    ran = asyncio.run(run_it())
    assert ran.interrupted
    assert [located.scenario.name for located in ran.not_run] == ["talk"]
    assert recorded.text() == before
    assert '"b"' in recorded.text("first")
    assert sorted(path.name for path in recorded.folder.rglob("*.*")) == ["first.json", "talk.json"]


class Dialing:
    """Opens a connection when a scenario starts, as a user's Python might."""

    def __init__(self, port: int) -> None:
        self._port = port

    def scenario_started(self, located: LocatedScenario) -> None:
        with socket.socket() as dialing:
            dialing.connect(("127.0.0.1", self._port))

    def turn_finished(self, *_: object) -> None:
        """Nothing."""

    def scenario_finished(self, *_: object) -> None:
        """Nothing."""


def test_the_network_is_closed_in_none_and_in_no_other_mode(recorded):
    with socket.create_server(("127.0.0.1", 0)) as server:
        dialing = Dialing(server.getsockname()[1])
        with pytest.raises(OfflineError, match="the network is closed"):
            recorded.run(Mode.NONE, listener=dialing)
        assert recorded.run(Mode.ONCE, listener=dialing)[0].results[0].status is Status.PASSED
        assert recorded.opened == []


def test_scenarios_side_by_side_each_hear_their_own_replies(world):
    many = [scenario(f"talk-{n}") for n in range(30)]
    world.run(Mode.ONCE, *many)
    ran, _ = world.run(Mode.NONE, *many)
    assert {result.status for result in ran.results} == {Status.PASSED}
    assert len(list(world.folder.rglob("*.json"))) == 30


def repeated(times: int) -> LocatedScenario:
    located = scenario()
    return replace(located, scenario=located.scenario.model_copy(update={"repeat": times}))


class Counting(World):
    """Says something else in each conversation."""

    @asynccontextmanager
    async def target(self, scenarios: Collection[LocatedScenario]) -> AsyncIterator[Open]:
        numbers = count(1)
        yield lambda _: ScriptedConversation((SCRIPT[0], says(f"done {next(numbers)}"), SCRIPT[2]))


def test_each_attempt_has_a_conversation_of_its_own_and_they_are_replayed_in_order(tmp_path):
    world = Counting(tmp_path)
    for mode in (Mode.ONCE, Mode.NONE):
        ran, _ = world.run(mode, repeated(5))
        attempts = ran.results[0].attempts
        assert [attempt.turns[0].exchange.text for attempt in attempts] == [f"done {n}" for n in range(1, 6)]
        assert {attempt.recorded for attempt in attempts} == {mode is Mode.NONE}


def test_more_attempts_than_were_recorded_have_no_conversation(recorded):
    ran, _ = recorded.run(Mode.ONCE, repeated(2))
    assert [attempt.status for attempt in ran.results[0].attempts] == [Status.PASSED, Status.FAILED]
    problem = ran.results[0].attempts[1].turns[0].problem
    assert problem
    assert problem.message == "the recording holds 1 conversation, and now there are more attempts"
    ran, recordings = recorded.run(Mode.NEW, repeated(2))
    assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
    assert recorded.run(Mode.NONE, repeated(2))[0].results[0].status is Status.PASSED
