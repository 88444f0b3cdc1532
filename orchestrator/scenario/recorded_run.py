"""A run that replays what is recorded and records what is not, as far as its mode allows.

What becomes of each scenario is decided before anything is played, so that the target is opened only where a scenario
needs it. A recording is written when its scenario is finished: what is broken off leaves the old one as it was.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from shlex import quote

from orchestrator.diagnostics import counted
from orchestrator.model.conversation import ReplyStatus
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.conversing import play
from orchestrator.scenario.judge_prompt import Case
from orchestrator.scenario.judge_recording import ReplayedJudges
from orchestrator.scenario.judging import Judging
from orchestrator.scenario.mocks import MockError, Mocks
from orchestrator.scenario.offline import no_network
from orchestrator.scenario.recording import (
    STALE,
    Advice,
    RecordingConversation,
    RefusedConversation,
    ReplayedConversation,
    TooShort,
    Unfit,
)
from orchestrator.scenario.recording_file import Recording, RecordingError, read, same_talk, to_text, write
from orchestrator.scenario.recording_names import recording_name
from orchestrator.scenario.repeating import get_rule
from orchestrator.scenario.results import Run, ScenarioResult, TurnResult
from orchestrator.scenario.runner import Listener, Open, OpenJudge, RunOptions, run, with_judge
from orchestrator.scenario.seen import Seen, get_changes
from orchestrator.scenario.setting import Setting, get_setting

OpenTarget = Callable[[Collection[LocatedScenario]], AbstractAsyncContextManager[Open]]
"""Opens the target for these scenarios, and gives the way to begin their conversations."""


class Mode(StrEnum):
    """What is recorded; everything else is replayed."""

    NONE = "none"
    """Nothing, and no network: what cannot be replayed fails."""
    ONCE = "once"
    """What has no recording."""
    NEW = "new"
    """What has none, or one that ends too early."""
    STALE = "stale"
    """What has none, or one of something else than what the scenario and its assistant are by now."""
    ALL = "all"
    """Everything."""


class State(StrEnum):
    """How a recording fits its scenario."""

    GOOD = "good"
    MISSING = "missing"
    SHORT = "short"
    STALE = "stale"
    DAMAGED = "damaged"


RECORDED: dict[Mode, frozenset[State]] = {
    Mode.NONE: frozenset(),
    Mode.ONCE: frozenset([State.MISSING]),
    Mode.NEW: frozenset([State.MISSING, State.SHORT]),
    Mode.STALE: frozenset([State.MISSING, State.SHORT, State.STALE]),
    Mode.ALL: frozenset(State),
}
"""What each mode records. A recording that cannot be read may be somebody's work: only `all` writes over it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where recordings are, and of what."""

    folder: Path
    """Absolute; each target has a folder in it."""
    shown: str
    """How messages call the folder."""
    target: str
    hint: str
    """What the commands in hints end with, so that they find the same folder."""

    def file(self, scenario: str) -> Path:
        """Give the file of a scenario."""
        return self.folder / self.target / recording_name(scenario)

    def shown_file(self, scenario: str) -> str:
        """Give the file of a scenario as messages call it."""
        return f"{self.shown}/{self.target}/{recording_name(scenario)}"

    def command(self, scenario: str, mode: Mode) -> str:
        """Give the command that records a scenario."""
        return f"`orch test --name {quote(scenario)} --target {self.target} --record {mode}{self.hint}`"


class Recordings:
    """The recordings of one run."""

    def __init__(self, place: Place, mode: Mode, sees: Callable[[LocatedScenario], Seen], cleaner: Cleaner) -> None:
        """`sees` gives what the model of a scenario's assistant sees now."""
        self.place, self._mode, self._sees, self._cleaner = place, mode, sees, cleaner
        self._replayed: dict[str, Iterator[Conversation]] = {}
        self._refused: dict[str, RecordingError] = {}
        self._lanes: dict[str, list[RecordingConversation]] = {}
        self._judges: dict[str, ReplayedJudges] = {}
        self._asked: dict[str, dict[int, list[tuple[Case, RecordingConversation]]]] = {}
        self.offline = mode is Mode.NONE
        """Whether the network is closed."""
        self.written: list[str] = []
        """Names of scenarios whose recordings are new or changed, in the order they were written."""
        self.unchanged: list[str] = []
        """Names of scenarios that were recorded and said the same as before."""
        self.unfinished: list[str] = []
        """Names of scenarios that could not be recorded, because the target or a function gave no answer."""

    async def prepare(self, scenarios: Sequence[LocatedScenario]) -> list[LocatedScenario]:
        """Read the recordings and decide; gives the scenarios that need the target."""
        to_record = []
        for located in scenarios:
            state, recording, error = await self._look(located)
            name = located.scenario.name
            if state in RECORDED[self._mode]:
                to_record.append(located)
                self._lanes[name] = []
            elif recording is not None and state in (State.GOOD, State.SHORT):
                self._replayed[name] = self._replay(name, recording)
                self._judges[name] = self._replay_judges(name, recording)
            elif error is not None:
                self._refused[name] = error
        return to_record

    def open(self, located: LocatedScenario, live: Open | None) -> Conversation:
        """Begin a conversation: the next that was recorded, or one with the target, `live`."""
        name = located.scenario.name
        if name in self._refused:
            return RefusedConversation(self._refused[name])
        if name in self._replayed:
            return next(self._replayed[name])
        assert live is not None, "what is to be recorded has the target open"
        lane = RecordingConversation(live(located))
        self._lanes[name].append(lane)
        return lane

    def open_judge(self, located: LocatedScenario, number: int, case: Case, live: Open | None) -> Conversation:
        """Begin a conversation with a judge about the one of this number, as `open` does."""
        if located.scenario.name in self._judges:
            return self._judges[located.scenario.name].open(number, case)
        assert live is not None, "what is to be recorded has the target open"
        lane = RecordingConversation(live(with_judge(located, case)))
        self._asked.setdefault(located.scenario.name, {}).setdefault(number, []).append((case, lane))
        return lane

    def keep(self, result: ScenarioResult) -> None:
        """Write what a finished scenario said, unless it is the same or could not be played to its end."""
        scenario = result.located.scenario
        lanes = self._lanes.get(scenario.name)
        if lanes is None:
            return
        if any(a.problem or any(turn.problem for turn in a.turns) for a in result.attempts):
            self.unfinished.append(scenario.name)
            return
        asked = self._asked.get(scenario.name, {})
        answers = [
            [(case, step.reply) for case, talk in asked.get(number, []) for step in talk.lane]
            for number in range(len(lanes))
        ]
        recording = Recording(self._sees(result.located), tuple(lane.lane for lane in lanes))
        text = to_text(recording, self._cleaner, answers)
        file = self.place.file(scenario.name)
        if same_talk(file, text):
            self.unchanged.append(scenario.name)
        else:
            write(file, text)
            self.written.append(scenario.name)

    async def _look(self, located: LocatedScenario) -> tuple[State, Recording | None, RecordingError | None]:
        """Tell how the recording fits; where it cannot be replayed, with the error that says so."""
        scenario = located.scenario
        if self._mode is Mode.ALL:
            return State.STALE, None, None
        shown = self.place.shown_file(scenario.name)
        try:
            recording = read(self.place.file(scenario.name), shown)
        except FileNotFoundError:
            hint = f"record it: {self.place.command(scenario.name, Mode.ONCE)}"
            return State.MISSING, None, RecordingError(f"there is no recording: {shown}", hint)
        except RecordingError as error:
            hint = f"{error.hint}: {self.place.command(scenario.name, Mode.ALL)}"
            return State.DAMAGED, None, RecordingError(error.message, hint)
        changes = get_changes(recording.saw, self._sees(located), str(located.subject))
        if changes:
            message = f"{STALE}: {'; '.join(changes)} since this was recorded"
            return State.STALE, None, RecordingError(message, self._advice(scenario.name).stale)
        if self._mode in (Mode.NEW, Mode.STALE):
            return await self._rehearse(located, recording)
        return State.GOOD, recording, None

    async def _rehearse(
        self, located: LocatedScenario, recording: Recording
    ) -> tuple[State, Recording | None, RecordingError | None]:
        """Play what was recorded without judging it, to know beforehand whether it holds what the scenario says."""
        scenario, setting = located.scenario, get_setting(located)
        advice = self._advice(scenario.name)
        if len(recording.conversations) < get_rule(scenario.repeat).bounds.least:
            return State.SHORT, recording, None
        judges = self._replay_judges(scenario.name, recording)
        for number, lane in enumerate(recording.conversations):
            try:
                await _play_through(scenario, ReplayedConversation(lane, self._cleaner, advice), setting)
                if setting.judges:
                    replayed = ReplayedConversation(lane, self._cleaner, advice)
                    await _judge_through(scenario, replayed, setting, partial(judges.open, number))
            except TooShort as error:
                return State.SHORT, recording, error
            except Unfit as error:
                return State.STALE, None, error
            except MockError:
                continue  # the scenario itself lacks something; playing it says what
        return State.GOOD, recording, None

    def _replay(self, name: str, recording: Recording) -> Iterator[Conversation]:
        advice = self._advice(name)
        for lane in recording.conversations:
            yield ReplayedConversation(lane, self._cleaner, advice)
        count = len(recording.conversations)
        message = f"the recording holds {counted(count, 'conversation')}, and now there are more attempts"
        while True:
            yield RefusedConversation(RecordingError(message, f"record all: {self.place.command(name, Mode.ALL)}"))

    def _replay_judges(self, name: str, recording: Recording) -> ReplayedJudges:
        return ReplayedJudges(recording.judged, self._cleaner, self._advice(name))

    def _advice(self, name: str) -> Advice:
        return Advice(
            stale=f"record it again: {self.place.command(name, Mode.STALE)}",
            short=f"record it again: {self.place.command(name, Mode.NEW)}",
        )


async def run_or_replay(
    scenarios: Sequence[LocatedScenario],
    recordings: Recordings | None,
    open_target: OpenTarget,
    options: RunOptions,
    listener: Listener | None = None,
) -> Run:
    """Run scenarios with their recordings, or on the target alone where none are asked for; raises as those do."""
    if recordings is not None:
        return await run_recorded(scenarios, recordings, open_target, options, listener)
    async with open_target(scenarios) as open_conversation:
        return await run(scenarios, open_conversation, options, listener)


async def run_recorded(
    scenarios: Sequence[LocatedScenario],
    recordings: Recordings,
    open_target: OpenTarget,
    options: RunOptions,
    listener: Listener | None = None,
) -> Run:
    """Run scenarios with their recordings; the network is closed where the target stays closed.

    Raises what `open_target` and `run` raise, and `OfflineError` where something wanted the network.
    """
    to_record = await recordings.prepare(scenarios)
    keeping = _Keeping(recordings, listener)
    if not to_record:
        with no_network() if recordings.offline else nullcontext():
            return await run(scenarios, *_ways(recordings, None, options, keeping))
    async with open_target(to_record) as live:
        return await run(scenarios, *_ways(recordings, live, options, keeping))


def _ways(
    recordings: Recordings, live: Open | None, options: RunOptions, keeping: Listener
) -> tuple[Open, RunOptions, Listener, OpenJudge]:
    """Give what `run` takes besides the scenarios."""
    return (
        lambda located: recordings.open(located, live),
        options,
        keeping,
        lambda located, number, case: recordings.open_judge(located, number, case, live),
    )


async def _play_through(scenario: Scenario, conversation: Conversation, setting: Setting) -> None:
    mocks = Mocks(scenario, setting, sleep=_no_sleep)
    for index, turn in enumerate(scenario.turns):
        reply = await conversation.send(turn.user)
        while reply.status is ReplyStatus.NEEDS_ANSWERS:
            reply = await conversation.answer(await mocks.answer(index, reply.calls))


async def _judge_through(
    scenario: Scenario, conversation: Conversation, setting: Setting, open_judge: Callable[[Case], Conversation]
) -> None:
    """Give the verdicts on what was recorded, to know whether every answer of a judge is there; raises `Unfit`."""
    missing: list[Unfit] = []

    def opened(case: Case) -> Conversation:
        talk = open_judge(case)
        if isinstance(talk, RefusedConversation) and isinstance(talk.error, Unfit):
            missing.append(talk.error)
        return talk

    await play(scenario, conversation, lambda _index, _turn: None, Judging(setting, opened, 1.0), _no_sleep)
    if missing:
        raise missing[0]


async def _no_sleep(_seconds: float) -> None:
    """Nobody waits in a rehearsal."""


class _Keeping:
    """Keeps what is finished, and passes on what it hears."""

    def __init__(self, recordings: Recordings, listener: Listener | None) -> None:
        self._recordings, self._listener = recordings, listener

    def scenario_started(self, located: LocatedScenario) -> None:
        if self._listener:
            self._listener.scenario_started(located)

    def turn_finished(self, located: LocatedScenario, index: int, turn: TurnResult) -> None:
        if self._listener:
            self._listener.turn_finished(located, index, turn)

    def scenario_finished(self, result: ScenarioResult) -> None:
        self._recordings.keep(result)
        if self._listener:
            self._listener.scenario_finished(result)
