"""What came of the scenarios of the last run on a target, so that a run that ended early can go on.

`.orch/results-TARGET.jsonl` has a JSON object a line, the first one says whose it is:

    {"format": "orch.results/1", "project": "tutoring", "target": "local", "started": "2026-03-01T12:00:00Z"}
    {"name": "quiz", "key": {"scenario": "51f6…", "assistant": "09ab…"}, "status": "passed", "attempts": [{…}]}

A line is written when its scenario is finished and never changed; a kill leaves at most half a line at the end, which
is passed over. The file of the run before stays until this run has a line to write, and is then replaced in one step.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import OrchError
from orchestrator.model.project import STATE_FOLDER, LocatedScenario
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, ScenarioResult

FORMAT = "orch.results/1"
_FAMILY = FORMAT.partition("/")[0]
_MEND = "run without --resume and --last-failed: that starts a new log"


class ResultsLogError(OrchError):
    """The log of the last run cannot be read, or is in use."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a result was got with, as digests: where both are as they were, it still says what it said."""

    scenario: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of one scenario."""

    name: str
    key: Key
    status: Status
    attempts: Sequence[Any]
    """As JSON data, so that what nobody asks for is not read; `restored` gives them."""
    earlier: bool = False
    """Whether it is from a run before the last one, which did not choose this scenario."""
    line: int = 0
    """Number of its line, from 1; 0 where it was not read from a file."""


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a run."""

    project: str
    target: str
    started: str
    """When the run began: UTC, as ISO 8601."""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By name of the scenario."""
    shown: str = ""
    """What messages call its file."""


def get_results_file(root: Path, target: str) -> Path:
    """Give where the project in `root` keeps what came of the last run on a target."""
    return root / STATE_FOLDER / f"results-{target}.jsonl"


def read_log(file: Path, shown: str) -> Log | None:
    """Read a log; None where there is none. Raises `ResultsLogError` at the line that is damaged."""
    try:
        lines = file.read_bytes().split(b"\n")[:-1]  # what follows the last line break is half a line, or nothing
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultsLogError(f"{shown}: cannot be read: {error.strerror}", "check its permissions") from error
    head = _head(lines[0] if lines else b"", f"{shown}:1")
    entries = [_entry(line, number, f"{shown}:{number}") for number, line in enumerate(lines[1:], start=2)]
    return replace(head, entries={entry.name: entry for entry in entries}, shown=shown)


def restored(entry: Entry, located: LocatedScenario, shown: str) -> ScenarioResult:
    """Give the result that an entry of the log `shown` keeps; raises `ResultsLogError` where that is damaged."""
    try:
        attempts = _attempts().validate_python(entry.attempts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["attempts", *map(str, first["loc"])])
        raise ResultsLogError(f"{shown}:{entry.line}: {where}: {first['msg']}", _MEND) from None
    if not attempts:
        raise ResultsLogError(f"{shown}:{entry.line}: attempts: there is none", _MEND)
    return ScenarioResult(located, entry.status, attempts, taken_over=True)


def to_entry(result: ScenarioResult, key: Key, cleaner: Cleaner) -> Entry:
    """Give what the log keeps of a result, without secrets."""
    return Entry(result.located.scenario.name, key, result.status, _plain(result.attempts, cleaner.text))


class ResultsLog:
    """The log of one run, written as it goes; one that cannot be written is told of, and ends no run."""

    def __init__(self, file: Path, head: Log, kept: Iterable[Entry], on_unwritten: Callable[[str], None]) -> None:
        """`head` says whose it is, its entries are not looked at; `kept` are entries of the log that it replaces."""
        self._file, self._head, self._kept, self._on_unwritten = file, head, kept, on_unwritten
        self._stream: BinaryIO | None = None
        self._broken = False

    def add(self, entry: Entry) -> None:
        """Write an entry; when this returns, a kill does not lose it."""
        if self._broken:
            return
        try:
            if self._stream is None:
                self._stream = self._begin(entry)
            else:
                self._stream.write(_line(_entry_data(entry)))
                self._stream.flush()
        except OSError as error:
            self._broken = True
            self._on_unwritten(f"the results are not kept: {self._file}: {error.strerror or error}")

    def close(self) -> None:
        """End it; nothing is written afterwards."""
        if self._stream is not None:
            self._stream.close()

    def _begin(self, first: Entry) -> BinaryIO:
        self._file.parent.mkdir(exist_ok=True)
        part = self._file.with_name(f"{self._file.name}.part")
        stream = part.open("wb")
        try:
            stream.write(_line(_head_data(self._head)))
            stream.writelines(_line(_entry_data(entry)) for entry in (*self._kept, first))
            stream.flush()
            os.replace(part, self._file)
        except BaseException:
            stream.close()
            part.unlink(missing_ok=True)
            raise
        return stream


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data).encode("ascii") + b"\n"


def _head_data(head: Log) -> dict[str, Any]:
    return {"format": FORMAT, "project": head.project, "target": head.target, "started": head.started}


def _entry_data(entry: Entry) -> dict[str, Any]:
    earlier = {"earlier": True} if entry.earlier else {}
    return {
        "name": entry.name,
        "key": {"scenario": entry.key.scenario, "assistant": entry.key.assistant},
        "status": str(entry.status),
        **earlier,
        "attempts": entry.attempts,
    }


def _head(line: bytes, place: str) -> Log:
    match _data(line, place):
        case {"format": str(format_)} if format_ != FORMAT and format_.partition("/")[0] == _FAMILY:
            message = f"{place}: {format_} is of another orch; this one reads {FORMAT}"
            raise ResultsLogError(message, f"update orch, or {_MEND}")
        case {"format": str(format_), "project": str(project), "target": str(target), "started": str(started)} if (
            format_ == FORMAT
        ):
            return Log(project, target, started)
    raise ResultsLogError(f"{place}: this is not a log of results: expected the format {FORMAT}", _MEND)


def _entry(line: bytes, number: int, place: str) -> Entry:
    match _data(line, place):
        case {
            "name": str(name),
            "key": {"scenario": str(scenario), "assistant": str(assistant)},
            "status": ("passed" | "failed" | "errored" | "inconclusive") as status,
            "attempts": list(attempts),
            **rest,
        }:
            return Entry(name, Key(scenario, assistant), Status(status), attempts, bool(rest.get("earlier")), number)
    raise ResultsLogError(f"{place}: this is not what came of a scenario", _MEND)


def _data(line: bytes, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResultsLogError(f"{place}: this is no JSON: {error}", _MEND) from None


@cache
def _attempts() -> TypeAdapter[tuple[Attempt, ...]]:
    """Give what reads attempts; made when it is first needed, which takes longer than to write any."""
    return TypeAdapter(tuple[Attempt, ...])


def _plain(value: Any, clean: Callable[[str], str]) -> Any:
    """Give frozen values as JSON data with every text cleaned; what is as it is by default is left out."""
    match value:
        case str():
            return clean(value)
        case None | bool() | int() | float():
            return value
        case list() | tuple():
            return [_plain(item, clean) for item in value]
        case Mapping():
            return {clean(str(key)): _plain(item, clean) for key, item in value.items()}
    kind: Any = type(value)
    found = ((name, default, getattr(value, name)) for name, default in _fields(kind))
    return {name: _plain(item, clean) for name, default, item in found if default is MISSING or item != default}


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Give the names of a frozen value's fields, each with its default, or `MISSING`."""
    return tuple((each.name, each.default) for each in fields(kind))
