"""Judges recorded and replayed: each answer is found by what the judge saw; where none fits it says what changed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.conversation import Reply, Usage
from orchestrator.model.judges import Judge
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.recorded_run import Mode, Place, Recordings, run_recorded
from orchestrator.scenario.recording_file import read
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run
from orchestrator.scenario.runner import Open, RunOptions
from orchestrator.scenario.seen import Seen
from tests.scenario.grading import QUOTE, graded, judge

SAW = Seen({"instructions": "a"}, {}, {"strict": {"model": "m"}})
OTHER = Seen({"instructions": "a"}, {}, {"strict": {"model": "n"}})
CALL_ID = "call_abcdefghijklmnop"
SECRET = 'top"secret\\key'


def located(name: str = "talk", *, output: str = "x", judges: Sequence[Judge] = (), **more: Any) -> LocatedScenario:
    turn = {"user": "go", "mocks": {"f": {"returns": output}}, "checks": more.pop("asks", [{"judge": "strict"}])}
    spec = {"name": name, "assistant": "tutor", "turns": [turn], **more}
    by_name = {each.name: each for each in judges or [judge(votes=2)]}
    return LocatedScenario(Scenario.model_validate(spec), Position("s.yaml"), Path("/s.yaml"), judges=by_name)


class Slow(ScriptedConversation):
    """Answers after others have had their turn, some later than others."""

    async def send(self, message: str) -> Reply:
        for _ in range(random.randrange(20)):
            await asyncio.sleep(0)
        return await super().send(message)


class World:
    """A folder of recordings, an assistant that says its id, and judges whose answers are numbered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[str] = []
        self.saw = SAW

    def _open(self, located: LocatedScenario) -> Conversation:
        self.opened.append(located.scenario.assistant)
        if located.scenario.assistant == "tutor":
            first = calls(("f", {}))
            return Slow([_with_id(first), says(f"{QUOTE}, {located.scenario.name}: {CALL_ID}, {SECRET}")])
        answer = json.loads(graded("met"))
        answer["criteria"][0]["reason"] = f"{located.scenario.name} {len(self.opened)}"
        return Slow([says(json.dumps(answer), usage=Usage(100, 10))])

    @asynccontextmanager
    async def _target(self, _: Collection[LocatedScenario]) -> AsyncIterator[Open]:
        yield self._open

    def run(self, mode: Mode, *scenarios: LocatedScenario) -> tuple[Run, Recordings]:
        place = Place(self.folder, "recordings", "local", "")
        recordings = Recordings(place, mode, lambda _: self.saw, Cleaner([SECRET]))
        self.opened.clear()
        ran = asyncio.run(run_recorded(scenarios or (located(),), recordings, self._target, RunOptions()))
        return ran, recordings

    def data(self, name: str = "talk") -> Any:
        return json.loads((self.folder / "local" / f"{name}.json").read_text())


def _with_id(reply: Reply) -> Reply:
    [call] = reply.calls
    return type(reply)(reply.status, calls=(type(call)(CALL_ID, call.name, call.arguments),))


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path / "recordings")


@pytest.fixture
def recorded(world: World) -> World:
    ran, recordings = world.run(Mode.ONCE)
    assert (ran.results[0].status, recordings.written, world.opened) == (
        Status.PASSED,
        ["talk"],
        ["tutor", "strict", "strict"],
    )
    return world


def reasons(ran: Run) -> list[list[str]]:
    """Give the reasons of all votes, by attempt."""
    return [
        [
            vote.reason
            for turn in attempt.turns
            for verdict in turn.verdicts
            for each in verdict.criteria
            for vote in each.votes
        ]
        for result in ran.results
        for attempt in result.attempts
    ]


def problem(ran: Run) -> str:
    [attempt] = ran.results[0].attempts
    found = attempt.turns[-1].problem
    assert (attempt.status, found is not None) == (Status.FAILED, True)
    assert found
    assert found.kind == "recording"
    return f"{found.message}\n{found.hint}"


def test_answers_are_replayed_without_the_target_and_their_tokens_are_told_as_recorded(recorded):
    ran, _ = recorded.run(Mode.NONE)
    assert (ran.results[0].status, recorded.opened, ran.requests) == (Status.PASSED, [], 0)
    assert ran.judge_usage == ran.recorded_usage == Usage(200, 20)
    assert reasons(ran) == [["talk 2", "talk 3"]]


def test_a_file_has_the_answers_with_what_was_asked_and_without_secrets_and_ids(recorded):
    data = recorded.data()
    assert data["saw"]["judges"] == {"strict": {"model": "m"}}
    [answers] = data["judged"]
    assert [(each["judge"], each["turn"], each["criteria"]) for each in answers] == [("strict", 1, ["answers"])] * 2
    assert len({each["saw"] for each in answers}) == 1
    assert set(answers[0]) == {"judge", "turn", "criteria", "saw", "reply"}
    text = json.dumps(data)
    assert "secret" not in text
    assert CALL_ID not in text
    assert data["format"] == "orch.recording/1"


def test_recorded_anew_the_same_answers_are_the_same_file(recorded):
    before = recorded.data()["judged"][0][0]["saw"]
    _, recordings = recorded.run(Mode.ALL)
    assert (recordings.written, recordings.unchanged) == ([], ["talk"])
    assert recorded.data()["judged"][0][0]["saw"] == before


def test_a_scenario_without_judges_has_a_file_as_ever(world):
    world.saw = Seen({"instructions": "a"}, {})
    world.run(Mode.ONCE, located(asks=[]))
    assert list(world.data()) == ["format", "saw", "conversations"]
    assert list(world.data()["saw"]) == ["assistant", "documents"]
    recording = read(world.folder / "local" / "talk.json", "talk.json")
    assert (recording.judged, recording.saw.judges) == ((), {})


CRITERIA = {"judge": {"by": "strict", "criteria": ["is polite"]}}


@pytest.mark.parametrize(
    ("mode", "records"),
    [(Mode.NONE, False), (Mode.ONCE, False), (Mode.NEW, False), (Mode.STALE, True), (Mode.ALL, True)],
)
def test_changed_criteria_make_a_recording_stale(recorded, mode, records):
    ran, recordings = recorded.run(mode, located(asks=[CRITERIA]))
    if records:
        assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
        assert recorded.data()["judged"][0][0]["criteria"] == ["is polite"]
    else:
        assert problem(ran).split("\n")[:3] == [
            "the recording is stale: the criteria of the judge strict of turn 1 changed since this was recorded",
            'recorded: ["answers"]',
            'now:      ["is polite"]',
        ]
        assert "--record stale`" in problem(ran)


@pytest.mark.parametrize(("mode", "records"), [(Mode.NONE, False), (Mode.NEW, False), (Mode.STALE, True)])
def test_a_changed_judge_makes_a_recording_stale(recorded, mode, records):
    recorded.saw = OTHER
    ran, recordings = recorded.run(mode)
    if records:
        assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
    else:
        assert "the recording is stale: model of the judge strict changed since this was recorded" in problem(ran)


def test_only_the_scenarios_whose_rubric_changed_are_stale(world):
    both = [located("one"), located("two")]
    world.run(Mode.ONCE, *both)
    ran, _ = world.run(Mode.NONE, both[0], located("two", asks=[CRITERIA]))
    assert [result.status for result in ran.results] == [Status.PASSED, Status.FAILED]
    ran, recordings = world.run(Mode.STALE, both[0], located("two", asks=[CRITERIA]))
    assert recordings.written == ["two"]


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (
            {"judges": [judge(votes=3)]},
            "the recording has fewer answers of the judge strict of turn 1 than it is asked for",
        ),
        (
            {"asks": [], "checks": [{"judge": "strict"}]},
            "the recording has no answer of the judge strict of the whole conversation",
        ),
        (
            {"asks": [{"judge": "kind"}], "judges": [judge("kind")]},
            "the recording has no answer of the judge kind of turn 1",
        ),
    ],
)
@pytest.mark.parametrize(
    ("mode", "records"), [(Mode.NONE, False), (Mode.ONCE, False), (Mode.NEW, True), (Mode.STALE, True)]
)
def test_a_recording_that_lacks_answers_ends_too_early(recorded, mode, records, now, message):
    ran, recordings = recorded.run(mode, located(**now))
    if records:
        assert (ran.results[0].status, recordings.written) == (Status.PASSED, ["talk"])
        return
    [attempt] = ran.results[0].attempts
    found = attempt.problem or attempt.turns[-1].problem
    assert found
    assert (found.message, found.kind, attempt.status) == (message, "recording", Status.FAILED)
    assert "--record new`" in str(found.hint)


def test_fewer_votes_a_quorum_or_a_check_less_need_no_new_recording(recorded):
    for now in (located(judges=[judge()]), located(judges=[judge(votes=2, quorum=2)]), located(asks=[])):
        assert recorded.run(Mode.NONE, now)[0].results[0].status is Status.PASSED


def test_a_changed_output_is_told_before_any_judge_is_asked(recorded):
    ran, _ = recorded.run(Mode.NONE, located(output="y"))
    assert "the output of f in turn 1 changed" in problem(ran)


def test_a_judge_that_gives_no_answer_is_no_recording(world):
    ran, recordings = world.run(Mode.ONCE, located(judges=[judge(votes=1)]))
    assert recordings.written == ["talk"]

    class Broken(World):
        def _open(self, located: LocatedScenario) -> Conversation:
            return super()._open(located) if located.scenario.assistant == "tutor" else ScriptedConversation([])

    broken = Broken(world.folder)
    ran, recordings = broken.run(Mode.ALL)
    assert (ran.results[0].status, recordings.unfinished, recordings.written) == (Status.ERRORED, ["talk"], [])


def test_many_are_replayed_each_attempt_with_the_answers_it_got(world):
    many = [located(f"talk-{number}", repeat=4, judges=[judge(votes=3)]) for number in range(12)]
    then, _ = world.run(Mode.ONCE, *many)
    for _ in range(3):
        now, _ = world.run(Mode.NONE, *many)
        assert reasons(now) == reasons(then)
    assert len({reason for each in reasons(then) for reason in each}) == 12 * 4 * 3


@pytest.mark.parametrize(
    ("judged", "place"),
    [
        ("x", "judged: expected a list of lists of steps"),
        ([[{"judge": "strict"}]], "judged.0.0.criteria"),
        ([[{"judge": "strict", "criteria": ["a"], "saw": "x", "reply": {"status": "odd"}}]], "judged.0.0.reply.status"),
    ],
)
def test_damaged_answers_are_told_at_their_place(recorded, judged, place):
    file = recorded.folder / "local" / "talk.json"
    data: Mapping[str, Any] = {**recorded.data(), "judged": judged}
    file.write_text(json.dumps(data))
    assert f"recordings/local/talk.json: {place}" in problem(recorded.run(Mode.NONE)[0])
