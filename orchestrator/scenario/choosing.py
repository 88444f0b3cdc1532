"""Which scenarios of a project are run: those of a name, and one part of several that share the work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orchestrator.errors import UsageError
from orchestrator.model.project import LocatedScenario


def named(scenarios: Sequence[LocatedScenario], patterns: Iterable[str]) -> list[LocatedScenario]:
    """Give the scenarios that one of the globs names, by the name as written or the name of a case.

    Brackets stand for themselves, as names of cases have them; a set of characters is meant where that names nothing.
    """
    chosen: set[int] = set()
    for pattern in patterns:
        chosen |= _found(scenarios, pattern.replace("[", "[[]")) or _found(scenarios, pattern)
    return [located for place, located in enumerate(scenarios) if place in chosen]


def _found(scenarios: Sequence[LocatedScenario], glob: str) -> set[int]:
    return {
        place
        for place, located in enumerate(scenarios)
        if fnmatchcase(located.scenario.name, glob) or fnmatchcase(located.base, glob)
    }


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` parts of all scenarios; `number` is counted from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read `I/N`; raises `UsageError`."""
        number, slash, count = text.partition("/")
        if not slash or not _is_number(number) or not _is_number(count):
            raise UsageError(f"--shard {text} is not I/N", "for example --shard 1/4, the first of four parts")
        shard = cls(int(number), int(count))
        if not 1 <= shard.number <= shard.count:
            hint = "parts are counted from 1" if shard.count else "give the number of parts after the slash"
            raise UsageError(f"--shard {text}: there is no part {shard.number} of {shard.count}", hint)
        return shard

    def take(self, scenarios: Sequence[LocatedScenario]) -> list[LocatedScenario]:
        """Give this part, in the order given. All parts together are everything, and sizes differ by one at most.

        Each target's are dealt out by name, so that every machine deals the same wherever its files lie.
        """

        def by_target_and_name(place: int) -> tuple[str, str]:
            return scenarios[place].target, scenarios[place].scenario.name

        places = sorted(range(len(scenarios)), key=by_target_and_name)
        return [scenarios[place] for place in sorted(places[self.number - 1 :: self.count])]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9
