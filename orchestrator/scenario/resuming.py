"""What of the last run is taken over and what is played: pure, over its log and the scenarios that are chosen now."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.quarantine import Held, get_held
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run, ScenarioResult
from orchestrator.scenario.results_log import Entry, Key, Log, restored
from orchestrator.scenario.seen import Seen

KeyOf = Callable[[LocatedScenario], Key]
_DIGITS = 16  # of a digest in hex, as recordings have them
_UNPLAYED = {"description", "tags", "quarantine"}
"""What a scenario says about itself and to nobody in it: changed, it is the same conversation with the same checks."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run does."""

    to_play: Sequence[LocatedScenario]
    taken: Sequence[ScenarioResult] = ()
    """From the run before; they count as if they had been played now."""
    again: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of scenarios that are played again although the run before had played them, by reason."""
    kept: Sequence[Entry] = ()
    """What the new log begins with."""
    goes_on: bool = False
    """Whether it is still the run of the log, and not a new one."""


def get_assistant_key(seen: Seen) -> str:
    """Give the part of a key that all scenarios of an assistant share."""
    return _short((dict(seen.assistant), dict(seen.documents)))


def get_key(located: LocatedScenario, assistant: str) -> Key:
    """Give what a scenario's result depends on; `assistant` is that part of it.

    Not looked at are Python functions of the project, and what a target is beyond the specs.
    """
    scenario = located.scenario
    has_mocks = bool(scenario.mocks) or any(turn.mocks for turn in scenario.turns)
    variables = dict(located.variables) if has_mocks else {}  # only mocks are rendered later than the rest
    price = located.price.model_dump() if located.price else None
    judges = {name: judge.model_dump() for name, judge in located.judges.items()}
    costs = {name: price.model_dump() for name, price in located.judge_prices.items()}
    own = (scenario.model_dump(exclude=_UNPLAYED), located.model, variables, price, judges, costs)
    return Key(_short(own), assistant)


def start_anew(chosen: Sequence[LocatedScenario], log: Log | None) -> Selection:
    """Give a run of all that is chosen; what is known of others is kept as of an earlier run."""
    names = {located.scenario.name for located in chosen}
    entries = log.entries.values() if log else ()
    return Selection(chosen, kept=[replace(entry, earlier=True) for entry in entries if entry.name not in names])


def resume(chosen: Sequence[LocatedScenario], log: Log, key_of: KeyOf, today: date) -> Selection:
    """Go on with the run of a log: what it judged is taken over, unless the scenario or its assistant changed since.

    Raises `ResultsLogError` where what is to be taken over is damaged.
    """
    taken: list[ScenarioResult] = []
    to_play: list[LocatedScenario] = []
    again: dict[str, list[str]] = {}
    for located in chosen:
        entry = log.entries.get(located.scenario.name)
        why = None if entry is None or entry.earlier else _why_again(entry, located, key_of(located))
        if entry is None or entry.earlier or why:
            to_play.append(located)
            if why:
                again.setdefault(why, []).append(located.scenario.name)
        else:
            taken.append(held_today(restored(entry, located, log.shown), today))
    played = {located.scenario.name for located in to_play}
    return Selection(to_play, taken, again, [entry for entry in log.entries.values() if entry.name not in played], True)


def select_unpassed(chosen: Sequence[LocatedScenario], log: Log) -> Selection | None:
    """Give a run of those that are not known to have passed; None where all have."""
    passed = {name for name, entry in log.entries.items() if entry.status is Status.PASSED}
    to_play = [located for located in chosen if located.scenario.name not in passed]
    names = {located.scenario.name for located in to_play}
    kept = [entry for entry in log.entries.values() if entry.name not in names]
    return Selection(to_play, kept=kept, goes_on=True) if to_play else None


def held_today(result: ScenarioResult, today: date) -> ScenarioResult:
    """Give a result that counts, or does not, as on this day."""
    return replace(result, quarantined=get_held(result.located.scenario, today) is Held.NOW)


def joined(run: Run, taken: Collection[ScenarioResult], chosen: Sequence[LocatedScenario]) -> Run:
    """Give a run with what was taken over, in the order in which scenarios were chosen."""
    by_name = {result.located.scenario.name: result for result in (*taken, *run.results)}
    names = (located.scenario.name for located in chosen)
    return replace(run, results=tuple(by_name[name] for name in names if name in by_name))


def _why_again(entry: Entry, located: LocatedScenario, now: Key) -> str | None:
    if entry.status is Status.ERRORED:
        return "errored"
    if entry.key.scenario != now.scenario:
        return "the scenario changed"
    return f"{located.subject} changed" if entry.key.assistant != now.assistant else None


def _short(value: object) -> str:
    # Written in another order it is played again, which costs less than to put every scenario of every run in order.
    return hashlib.sha256(repr(value).encode()).hexdigest()[:_DIGITS]
