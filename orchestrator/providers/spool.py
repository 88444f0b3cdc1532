"""Objects of an export kept in a file that nobody sees, so that one of any size needs little memory.

Of each there is its place in memory; what it holds is read when it is asked for. Objects lie in groups (all messages
of a thread); within one, an object that comes again takes the place of the one before.
"""

import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Object = dict[str, Any]
"""One object as the API returned it."""
_Entry = tuple[int, int]
"""When it was created, and where it lies."""


class Spool:
    """What was put away; the file is gone with it."""

    def __init__(self) -> None:
        """Make the file."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 # open as long as the spool is there
        weakref.finalize(self, self._file.close)
        self._groups: dict[str, dict[str, dict[str, _Entry]]] = {}

    def add(self, kind: str, group: str, id: str, item: Object) -> None:
        """Put an object away; raises `OSError` where the disk is full."""
        entries = self._groups.setdefault(kind, {}).setdefault(group, {})
        entries.pop(id, None)
        entries[id] = (get_time(item), self._file.seek(0, 2))
        self._file.write(json.dumps(item).encode() + b"\n")

    def groups(self, kind: str) -> Iterable[str]:
        """Give the groups that hold objects of a kind, in the order in which they began."""
        return self._groups.get(kind, {}).keys()

    def read(self, kind: str, group: str = "") -> list[Object]:
        """Give the objects of a group, oldest first."""
        return [self._load(entry) for entry in _in_time(list(self._groups.get(kind, {}).get(group, {}).values()))]

    def all(self, kind: str) -> "Stored":
        """Give the objects of a kind, to be read as often as one likes."""
        return Stored(self, kind)

    def holds(self, kind: str) -> bool:
        """Tell whether there is any of a kind."""
        return kind in self._groups

    def count(self, kind: str) -> int:
        """Give how many of a kind there are."""
        return sum(map(len, self._groups.get(kind, {}).values()))

    def _load(self, entry: _Entry) -> Object:
        self._file.seek(entry[1])
        item: Object = json.loads(self._file.readline())
        return item


@dataclass(frozen=True, slots=True)
class Stored:
    """All objects of a kind: group after group, each read when its turn comes."""

    spool: Spool
    kind: str

    def __iter__(self) -> Iterator[Object]:
        """Read them, oldest of each group first."""
        for group in list(self.spool.groups(self.kind)):
            yield from self.spool.read(self.kind, group)


def get_time(item: Object) -> int:
    """Give when an object was created, in seconds since 1970; 0 where it does not say."""
    made = item.get("created_at")
    return int(made) if isinstance(made, int | float) and abs(made) < 1e12 else 0


def _in_time(entries: list[_Entry]) -> list[_Entry]:
    """Sort by time; a second holds many, so that a list written newest first is turned round before."""
    times = [time for time, _ in entries]
    newest_first = all(a >= b for a, b in pairwise(times)) and len(set(times)) > 1
    return sorted(reversed(entries) if newest_first else entries, key=lambda entry: entry[0])
