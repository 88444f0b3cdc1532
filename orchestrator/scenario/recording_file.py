"""A recording as a file: JSON that people read in a diff, one file a scenario, kept in git.

A text of several lines is a list of lines, so that a diff shows the one that changed; what is empty is left out. JSON
and not YAML: why is in `docs/decisions/`. The file is replaced in one step, so an end in the middle of writing leaves
what was there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import OrchError
from orchestrator.model.conversation import Reply
from orchestrator.scenario.cleaning import Cleaner, without_ids
from orchestrator.scenario.judge_prompt import Case, get_prompt
from orchestrator.scenario.seen import Seen, short_digest
from orchestrator.spec.whole_files import write_whole

FORMAT = "orch.recording/1"
_FAMILY, _, _VERSION = FORMAT.partition("/")
_TEXTS = frozenset(["user", "text", "code", "logs", "message", "invalid"])
"""Keys whose values may be lists of lines."""
_TIME = "recorded_ms"
_MEND = "restore it from git, or record it again"


class RecordingError(OrchError):
    """A recording that is missing, cannot be read, or is of another conversation than the scenario's."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was said, and the reply to it."""

    reply: Reply
    user: str | None = None
    """The message, where it was one."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """By id of the call, the outputs of all calls of the reply before, where those were given."""


Lane = tuple[Step, ...]
"""One conversation."""


@dataclass(frozen=True, slots=True)
class JudgeStep:
    """One answer of a judge, and what it was asked; a conversation with a judge has no more."""

    judge: str
    """Its name."""
    criteria: tuple[str, ...]
    saw: str
    """Digest of the whole message to it, without secrets and ids."""
    reply: Reply
    turn: int | None = None
    """The turn it was asked about, counted from 1; None where it was the whole conversation."""


Asked = Sequence[tuple[Case, Reply]]
"""What judges were asked about one conversation and what they answered, in the order in which they were asked."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What became of a scenario on a target."""

    saw: Seen
    conversations: tuple[Lane, ...]
    """One for each time it was played, in the order they were begun."""
    judged: tuple[tuple[JudgeStep, ...], ...] = ()
    """For each conversation, what judges said of it; shorter where none was asked."""


# Built when first used would be no cheaper: whoever imports this reads or writes one.
_STEP, _SEEN = TypeAdapter(Step), TypeAdapter(Seen)
_JUDGE_STEP, _REPLY = TypeAdapter(JudgeStep), TypeAdapter(Reply)


def to_text(recording: Recording, cleaner: Cleaner, asked: Sequence[Asked] = ()) -> str:
    """Give the file's content, without secrets and without the ids of the target.

    `asked` is by conversation; the recording's own `judged` is not written.
    """
    lanes, judged = [], []
    for lane, answers in zip_longest(recording.conversations, asked, fillvalue=()):
        steps = [_STEP.dump_python(step, exclude_defaults=True) for step in lane]
        graded = [_graded(case, reply) for case, reply in answers]
        clean = cleaner.data(without_ids([*steps, *graded]))  # together, so that an id is the same in both
        lanes.append([_ordered(_in_lines(step)) for step in clean[: len(steps)]])
        judged.append([_ordered(_in_lines(_with_digest(each))) for each in clean[len(steps) :]])
    data = {"format": FORMAT, "saw": _SEEN.dump_python(recording.saw, exclude_defaults=True), "conversations": lanes}
    if any(judged):
        data["judged"] = judged
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def get_sight(case: Case, cleaner: Cleaner) -> str:
    """Give the digest of what a judge sees, as it is in a file."""
    return _sight(case.judge, case.turn, cleaner.data(case.criteria), cleaner.data(case.said))


def _sight(judge: str, turn: int | None, criteria: Sequence[str], said: Sequence[Mapping[str, Any]]) -> str:
    return short_digest(get_prompt(Case(judge, tuple(criteria), tuple(said), turn)))


def _graded(case: Case, reply: Reply) -> dict[str, Any]:
    about = {} if case.turn is None else {"turn": case.turn}
    answer = _REPLY.dump_python(reply, exclude_defaults=True)
    return {"judge": case.judge, **about, "criteria": case.criteria, "said": case.said, "reply": answer}


def _with_digest(graded: Mapping[str, Any]) -> dict[str, Any]:
    """Put a digest in place of the conversation: it stands in the file already."""
    saw = _sight(graded["judge"], graded.get("turn"), graded["criteria"], graded["said"])
    return {**{key: value for key, value in graded.items() if key != "said"}, "saw": saw}


def read(file: Path, shown: str) -> Recording:
    """Read a recording; `shown` is how messages call the file. Raises `RecordingError`, at a place in it.

    Raises `FileNotFoundError` where there is none.
    """
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RecordingError(f"{shown}: cannot be read: {error.strerror}", "check its permissions") from error
    except json.JSONDecodeError as error:
        place = f"{shown}:{error.lineno}:{error.colno}"
        raise RecordingError(f"{place}: this recording is incomplete: {error.msg}", _MEND) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise RecordingError(f"{shown}: this is not a recording: {error}", _MEND) from error
    return from_data(data, shown)


def from_data(data: Any, shown: str) -> Recording:
    """Give the recording that `to_text` wrote as JSON; raises `RecordingError` at the place that is wrong."""
    _check_format(data, shown)
    lanes = _lists(data.get("conversations"), "conversations", shown)
    judged = _lists(data.get("judged", []), "judged", shown)
    place = "saw"
    try:
        saw = _SEEN.validate_python(data.get("saw"))
        read_lanes: list[list[Step]] = [[] for _ in lanes]
        for index, lane in enumerate(lanes):
            for number, step in enumerate(lane):
                place = f"conversations.{index}.{number}"
                read_lanes[index].append(_STEP.validate_python(_in_text(step)))
        read_judged: list[list[JudgeStep]] = [[] for _ in judged]
        for index, steps in enumerate(judged):
            for number, step in enumerate(steps):
                place = f"judged.{index}.{number}"
                read_judged[index].append(_JUDGE_STEP.validate_python(_in_text(step)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([place, *map(str, first["loc"])])
        raise RecordingError(f"{shown}: {where}: {first['msg']}", _MEND) from None
    return Recording(saw, tuple(map(tuple, read_lanes)), tuple(map(tuple, read_judged)))


def _lists(value: Any, key: str, shown: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        raise RecordingError(f"{shown}: {key}: expected a list of lists of steps", _MEND)
    return value


def same_talk(file: Path, text: str) -> bool:
    """Tell whether a file holds this recording already, but for how long replies took: that differs every time."""
    try:
        there = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return bool(_untimed(there) == _untimed(json.loads(text)))


def write(file: Path, text: str) -> None:
    """Replace a file in one step; raises `OSError` and leaves it as it was where that cannot be done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text.encode("utf-8"))


def _check_format(data: Any, shown: str) -> None:
    written = data.get("format") if isinstance(data, dict) else None
    if written == FORMAT:
        return
    family, _, version = str(written).partition("/")
    if family == _FAMILY and version.isdecimal() and int(version) > int(_VERSION):
        message = f"{shown}: format: {written} is of a newer orch; this one reads {FORMAT}"
        raise RecordingError(message, "update orch")
    raise RecordingError(f"{shown}: format: this is not a recording: expected {FORMAT!r}", _MEND)


def _untimed(value: Any) -> Any:
    match value:
        case list():
            return [_untimed(item) for item in value]
        case dict():
            # The arguments of a call are the model's: a key of theirs may have any name.
            return {key: item if key == "arguments" else _untimed(item) for key, item in value.items() if key != _TIME}
        case _:
            return value


def _ordered(step: Mapping[str, Any]) -> dict[str, Any]:
    """Put what was said before what came back."""
    return {**{key: value for key, value in step.items() if key != "reply"}, "reply": step["reply"]}


def _in_lines(value: Any, key: str = "") -> Any:
    match value:
        case str() if key in _TEXTS and "\n" in value:
            return value.split("\n")
        case list():
            return [_in_lines(item) for item in value]
        case dict() if key == "outputs":
            return {id: _in_lines(text, "text") for id, text in value.items()}
        case dict() if key != "arguments":
            return {name: _in_lines(item, name) for name, item in value.items()}
        case _:
            return value


def _in_text(value: Any, key: str = "") -> Any:
    match value:
        case list() if key in _TEXTS and all(isinstance(line, str) for line in value):
            return "\n".join(value)
        case list():
            return [_in_text(item) for item in value]
        case dict() if key == "outputs":
            return {id: _in_text(text, "text") for id, text in value.items()}
        case dict() if key != "arguments":
            return {name: _in_text(item, name) for name, item in value.items()}
        case _:
            return value
