"""Exports of the Assistants API: JSON or JSON Lines with objects as the API returned them, however they were collected.

Nobody exports alike: one object a file, pages of lists, everything under one key, runs inside threads or beside them.
So the whole of each file is searched for objects the API would have returned: mappings with `object` and `id`. Of one
that is there more than once the last counts.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.model.address import Kind
from orchestrator.model.conversation import AnsweredCall, Said
from orchestrator.providers.assistants_conversation import get_call
from orchestrator.providers.assistants_wire import from_wire
from orchestrator.providers.interface import Live

SUFFIXES = (".json", ".jsonl", ".ndjson")
ASSISTANT, STORE, STORE_FILE, FILE = "assistant", "vector_store", "vector_store.file", "file"
THREAD, MESSAGE, RUN, STEP = "thread", "thread.message", "thread.run", "thread.run.step"
KNOWN = (ASSISTANT, STORE, STORE_FILE, FILE, THREAD, MESSAGE, RUN, STEP)

Object = dict[str, Any]
"""One object as the API returned it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said in one thread."""

    id: str
    assistant_id: str | None
    """Who answered; None where nobody did."""
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Dump:
    """What an export holds."""

    assistants: tuple[Live, ...]
    """As if nobody owned them: what an earlier project noted on them is left out."""
    stores: tuple[Live, ...]
    """Those in the export, and those that an assistant searches and that are not, by their ids."""
    talks: tuple[Talk, ...]
    files: Mapping[str, tuple[str, ...]]
    """Names of the files of a store, ids where the export has no name, by the id of the store."""
    objects: Mapping[str, Sequence[Object]]
    """Everything as it was returned, by the kind of object, in the order of time."""
    ignored: Mapping[str, int]
    """How many objects of other kinds there are."""


def read_dump(paths: Sequence[Path]) -> Dump:
    """Read files, and all JSON files of folders; raises `UsageError` for what cannot be read or holds nothing."""
    found: dict[str, dict[str, Object]] = {kind: {} for kind in KNOWN}
    ignored: Counter[str] = Counter()
    for file in _files(paths):
        for value in _values(file):
            for item in _objects(value, file):
                kind = item["object"]
                if kind in found:
                    key = f"{item.get('vector_store_id')}/{item['id']}" if kind == STORE_FILE else item["id"]
                    found[kind].pop(key, None)
                    found[kind][key] = item
                elif kind != "list":
                    ignored[kind] += 1
    if not any(found.values()):
        shown = ", ".join(map(str, paths))
        raise UsageError(f"{shown}: there are no assistants, vector stores or threads", "export them as the API gives")
    objects = {kind: _in_time(list(items.values())) for kind, items in found.items()}
    assistants = tuple(replace(from_wire(Kind.ASSISTANT, item), marks=None) for item in objects[ASSISTANT])
    return Dump(assistants, _stores(objects), _talks(objects), _file_names(objects), objects, dict(ignored))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        if not inside:
            raise UsageError(f"{path}: there is no file in it that ends with {', '.join(SUFFIXES)}", "name the export")
        yield from inside


def _values(file: Path) -> Iterator[Any]:
    """Give the JSON values of a file: one, or one a line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "name the export: JSON or JSON Lines") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: this is not UTF-8: byte {error.start}", "export it as JSON") from error
    try:
        yield json.loads(text)
        return
    except RecursionError as error:
        raise UsageError(f"{file}: nested too deep", "export it as the API gives it") from error
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith(("{", "[")) or error.msg != "Extra data":
            where = f"{file}:{error.lineno}:{error.colno}"
            raise UsageError(f"{where}: this is not JSON: {error.msg}", "export it as JSON or JSON Lines") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise UsageError(f"{file}:{number}: this line is not JSON: {error}", "one value a line") from error


def _objects(value: Any, file: Path) -> Iterator[Object]:
    """Give every object of the API in a value, whatever it lies in; what lies in one of them comes after it."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as item:
                if isinstance(item.get("object"), str) and isinstance(item.get("id"), str):
                    _check(item, file)
                    yield item
                waiting += reversed(item.values())
            case list() as items:
                waiting += reversed(items)


def _check(item: Object, file: Path) -> None:
    """Raise `UsageError` for an object that lacks what every one of its kind has."""
    needed = {ASSISTANT: ("model",), MESSAGE: ("thread_id", "role", "content"), STEP: ("run_id", "thread_id")}
    lacking = [key for key in needed.get(item["object"], ()) if item.get(key) is None]
    if lacking:
        raise UsageError(f"{file}: {item['id']} is no {item['object']}: it lacks {', '.join(lacking)}", None)


def _in_time(items: list[Object]) -> list[Object]:
    """Sort by time; a second holds many, so that a list written newest first is turned round before."""
    times = [_time(item) for item in items]
    newest_first = all(a >= b for a, b in pairwise(times)) and len(set(times)) > 1
    return sorted(reversed(items) if newest_first else items, key=_time)


def _time(item: Object) -> int:
    made = item.get("created_at")
    return int(made) if isinstance(made, int | float) else 0


def _stores(objects: Mapping[str, Sequence[Object]]) -> tuple[Live, ...]:
    known = {item["id"]: replace(from_wire(Kind.VECTOR_STORE, item), marks=None) for item in objects[STORE]}
    for assistant in objects[ASSISTANT]:
        resources = assistant.get("tool_resources") or {}
        for id in (resources.get("file_search") or {}).get("vector_store_ids") or ():
            known.setdefault(str(id), Live(Kind.VECTOR_STORE, str(id), {}, None))
    return tuple(known.values())


def _file_names(objects: Mapping[str, Sequence[Object]]) -> dict[str, tuple[str, ...]]:
    names = {item["id"]: str(item.get("filename") or item["id"]) for item in objects[FILE]}
    files: dict[str, list[str]] = {}
    for entry in objects[STORE_FILE]:
        files.setdefault(str(entry.get("vector_store_id")), []).append(names.get(entry["id"], str(entry["id"])))
    return {store: tuple(found) for store, found in files.items()}


def _talks(objects: Mapping[str, Sequence[Object]]) -> tuple[Talk, ...]:
    messages: dict[str, list[Object]] = {}
    for message in objects[MESSAGE]:
        messages.setdefault(str(message["thread_id"]), []).append(message)
    steps: dict[str, list[Object]] = {}
    for step in objects[STEP]:
        steps.setdefault(str(step["run_id"]), []).append(step)
    runs: dict[str, list[Object]] = {}
    for run in objects[RUN]:
        runs.setdefault(str(run.get("thread_id")), []).append(run)
    threads = dict.fromkeys([*(item["id"] for item in objects[THREAD]), *messages])
    return tuple(_talk(id, messages.get(id, []), runs.get(id, []), steps) for id in threads)


def _talk(id: str, messages: Sequence[Object], runs: Sequence[Object], steps: Mapping[str, Sequence[Object]]) -> Talk:
    answered = [item.get("assistant_id") for item in (*messages, *runs)]
    assistant = next((str(each) for each in reversed(answered) if each), None)
    said: list[Said] = []
    run_of: dict[str, int] = {}
    began: list[int] = []
    for message in messages:
        text, missing = _text(message)
        if message["role"] == "user" and said and not said[-1].replies:
            last = said[-1]  # said in several messages before the assistant was asked
            joined = "\n\n".join(part for part in (last.user, text) if part)
            said[-1] = replace(last, user=joined, missing=(*last.missing, *missing))
        elif message["role"] == "user":
            said.append(Said(text, (), (), missing))
            began.append(_time(message))
        elif said:
            said[-1] = replace(said[-1], replies=(*said[-1].replies, text))
            run_of.setdefault(str(message.get("run_id")), len(said) - 1)
    for run in runs:
        before = [index for index, time in enumerate(began) if time <= _time(run)]
        run_of.setdefault(run["id"], before[-1] if before else 0)
    for run_id, found in steps.items():
        if run_id in run_of and said:
            index = run_of[run_id]
            said[index] = replace(said[index], calls=(*said[index].calls, *_calls(found)))
    return Talk(id, assistant, tuple(said))


def _text(message: Object) -> tuple[str, tuple[str, ...]]:
    """Give the text of a message, and the kinds of what else it holds."""
    content = message["content"]
    if isinstance(content, str):
        return content, ()
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part["text"] for part in parts if part.get("type") == "text"]
    plain = [str(text.get("value", "")) if isinstance(text, dict) else str(text) for text in texts]
    others = [str(part.get("type")) for part in parts if part.get("type") != "text"]
    return "\n".join(plain), (*others, *(["attachment"] if message.get("attachments") else []))


def _calls(steps: Sequence[Object]) -> Iterator[AnsweredCall]:
    for step in steps:
        for made in (step.get("step_details") or {}).get("tool_calls") or ():
            if made.get("type") == "function" and isinstance(made.get("function"), dict):
                call = get_call({"id": made.get("id"), "function": made["function"]})
                output = made["function"].get("output")
                answered = None if output is None else str(output)
                yield AnsweredCall(call.name, call.arguments, call.invalid, answered)
