"""Exports of the Assistants API: JSON or JSON Lines with objects as the API returned them, however they were collected.

Nobody exports alike: one object a file, pages of lists, everything under one key, runs inside threads or beside them.
So the whole of each file is searched for objects the API would have returned: mappings with `object` and `id`. Of one
that is there more than once the last counts. JSON Lines are read line by line, so that an export may be of any size;
a line that is broken is left out by its number, for a server that is gone cannot be asked again.
"""

import codecs
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.model.address import Kind
from orchestrator.providers.assistants_talks import Talk, get_talk
from orchestrator.providers.assistants_wire import from_wire
from orchestrator.providers.export_shape import (
    ASSISTANT,
    FILE,
    KINDS,
    MESSAGE,
    RUN,
    STEP,
    STORE,
    STORE_FILE,
    TEXT,
    THREAD,
    find_fault,
    find_unknown,
)
from orchestrator.providers.interface import Live
from orchestrator.providers.spool import Object, Spool

SUFFIXES = (".json", ".jsonl", ".ndjson")
LINES = (".jsonl", ".ndjson")
_THREADED = (MESSAGE, RUN, STEP)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class StoreFile:
    """One file of a vector store."""

    id: str
    name: str
    """As it was uploaded; the id where the export has no name."""
    attributes: Mapping[str, Any]
    chunking: Mapping[str, Any] | None
    """None where it is the API's own choice, or not said."""


@dataclass(slots=True)
class Dump:
    """What an export holds; objects are put in one by one, and read when they are needed."""

    broken: list[tuple[str, str]] = field(default_factory=list)
    """What could not be taken: where it is or its id, and why."""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    """What else is to be told of an object: its id, and what."""
    ignored: Counter[str] = field(default_factory=Counter)
    """How many objects of other kinds there are."""
    _spool: Spool = field(default_factory=Spool)

    def take(self, value: Any) -> None:
        """Put away every object that lies in a value."""
        for item in _objects(value):
            kind = item["object"]
            fault = find_fault(item) if kind in KINDS else None
            if fault is not None:
                self.broken.append((item["id"], fault))
            elif kind in KINDS:
                group = str(item.get("thread_id")) if kind in _THREADED else str(item.get("vector_store_id") or "")
                self._spool.add(kind, group, item["id"], item)
            elif kind != "list":
                self.ignored[kind] += 1

    def keep_text(self, store_id: str, file_id: str, text: str) -> None:
        """Put away the parsed text of a file."""
        self._spool.add(TEXT, store_id, file_id, {"id": file_id, "text": text})

    def is_empty(self) -> bool:
        """Tell whether nothing was found that can be carried over."""
        return not any(map(self._spool.holds, KINDS))

    def counts(self) -> str:
        """Say how much is here, for people."""
        words = {
            ASSISTANT: ("assistant", "assistants"),
            STORE: ("vector store", "vector stores"),
            STORE_FILE: ("file", "files"),
            TEXT: ("text of a file", "texts of files"),
            THREAD: ("thread", "threads"),
            MESSAGE: ("message", "messages"),
        }
        found = {kind: self._spool.count(kind) for kind in words}
        return ", ".join(f"{number} {words[kind][number != 1]}" for kind, number in found.items())

    @property
    def assistants(self) -> tuple[Live, ...]:
        """As if nobody owned them: what an earlier project noted on them is left out."""
        return tuple(replace(from_wire(Kind.ASSISTANT, item), marks=None) for item in self._spool.read(ASSISTANT))

    @property
    def stores(self) -> tuple[Live, ...]:
        """Those that are there, and those that an assistant searches and that are not, by their ids."""
        read = self._spool.read(STORE)
        known = [replace(from_wire(Kind.VECTOR_STORE, item), marks=None) for item in read]
        return (*known, *(Live(Kind.VECTOR_STORE, id, {}, None) for id in self.missing))

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of stores that an assistant searches and that are not in the export."""
        known = {item["id"] for item in self._spool.read(STORE)}
        searched: dict[str, None] = {}
        for assistant in self._spool.read(ASSISTANT):
            resources = assistant.get("tool_resources") or {}
            searched |= dict.fromkeys(map(str, (resources.get("file_search") or {}).get("vector_store_ids") or ()))
        return tuple(id for id in searched if id not in known)

    @property
    def talks(self) -> Iterator[Talk]:
        """What was said in each thread, read when its turn comes."""
        items = {item["id"]: item for item in self._spool.read(THREAD)}
        for id in dict.fromkeys([*items, *self._spool.groups(MESSAGE)]):
            told = get_talk(id, *(self._spool.read(kind, id) for kind in _THREADED))
            unknown = find_unknown(items[id]) if id in items else []
            lost = [f"left out what a scenario cannot say of a thread: {', '.join(unknown)}"] if unknown else []
            yield replace(told, lost=(*told.lost, *lost))

    @property
    def files(self) -> dict[str, tuple[StoreFile, ...]]:
        """The files of each store, by its id."""
        names = {item["id"]: str(item.get("filename") or item["id"]) for item in self._spool.read(FILE)}
        return {
            store: tuple(_store_file(entry, names) for entry in self._spool.read(STORE_FILE, store))
            for store in self._spool.groups(STORE_FILE)
        }

    @property
    def unsaid(self) -> list[tuple[str, str, Any]]:
        """What assistants and stores hold that orch has no word for: id, key and value."""
        items = [*self._spool.read(ASSISTANT), *self._spool.read(STORE)]
        return [(item["id"], key, item[key]) for item in items for key in find_unknown(item)]

    @property
    def expired(self) -> tuple[str, ...]:
        """Ids of stores that had expired, and with them what was in them."""
        return tuple(item["id"] for item in self._spool.read(STORE) if item.get("status") == "expired")

    @property
    def objects(self) -> Mapping[str, Iterable[Object]]:
        """Everything as it was returned, by the kind of object, in the order of time within a thread."""
        return {kind: self._spool.all(kind) for kind in KINDS}

    def texts(self, store_id: str) -> Iterator[tuple[str, str]]:
        """Give the parsed texts of a store's files, as far as they are there, by the id of the file."""
        return ((item["id"], item["text"]) for item in self._spool.read(TEXT, store_id))


def read_dump(paths: Sequence[Path]) -> Dump:
    """Read files, and all JSON files of folders; raises `UsageError` for what cannot be read or holds nothing.

    Of a folder the files that can be read are read, and the others are told.
    """
    dump = Dump()
    for path in paths:
        for file in _files(path):
            try:
                for value in _values(file, dump):
                    dump.take(value)
            except UsageError as error:
                if not path.is_dir():
                    raise
                where, _, why = error.message.partition(": ")
                dump.broken.append((where, why))
    if dump.is_empty():
        shown = ", ".join(map(str, paths))
        found = f": {': '.join(dump.broken[0])}" if dump.broken else ""
        message = f"{shown}: there are no assistants, vector stores or threads{found}"
        raise UsageError(message, "export them as the API gives")
    return dump


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    inside = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
    if not inside:
        raise UsageError(f"{path}: there is no file in it that ends with {', '.join(SUFFIXES)}", "name the export")
    return inside


def _values(file: Path, dump: Dump) -> Iterator[Any]:
    """Give the JSON values of a file: one, or one a line."""
    try:
        if file.suffix not in LINES and not _is_lines(file):
            yield _whole(file)
            return
        for number, line in enumerate(_lines(file), 1):
            try:
                if line.strip():
                    yield json.loads(line)
            except (ValueError, RecursionError) as error:
                why = "nested too deep" if isinstance(error, RecursionError) else str(error)
                dump.broken.append((f"{file}:{number}", f"this line is not JSON: {why}"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "name the export: JSON or JSON Lines") from error


def _lines(file: Path) -> Iterator[bytes | str]:
    """Give the lines of a file; of one in UTF-16, which PowerShell writes, as text.

    Lines end with \\n alone: JSON texts may hold what else Unicode calls the end of a line.
    """
    with file.open("rb") as lines:
        head = lines.read(len(codecs.BOM_UTF8))
        if not head.startswith(_UTF16):
            lines.seek(len(head) if head == codecs.BOM_UTF8 else 0)
            yield from lines
            return
    with file.open(encoding="utf-16", errors="replace", newline="\n") as texts:
        yield from texts


def _is_lines(file: Path) -> bool:
    """Tell whether a file has several lines, of which the first or any that is an object of the API is a value."""
    filled = (line for line in _lines(file) if line.strip())
    first = _value(next(filled, b""))
    if first is not None:
        return next(filled, None) is not None
    return any(isinstance(value, dict) and "object" in value for value in map(_value, filled))


def _value(line: bytes | str) -> Any:
    """Give the value of a line; None where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _whole(file: Path) -> Any:
    try:
        content = file.read_bytes()
        return json.loads(content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: this is not UTF-8: byte {error.start}", "export it as JSON") from error
    except RecursionError as error:
        raise UsageError(f"{file}: nested too deep", "export it as the API gives it") from error
    except json.JSONDecodeError as error:
        where = f"{file}:{error.lineno}:{error.colno}"
        raise UsageError(f"{where}: this is not JSON: {error.msg}", "export it as JSON or JSON Lines") from error


def _objects(value: Any) -> Iterator[Object]:
    """Give every object of the API in a value, whatever it lies in; what lies in one of them comes after it."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as item:
                if isinstance(item.get("object"), str) and isinstance(item.get("id"), str):
                    yield item
                waiting += reversed(item.values())
            case list() as items:
                waiting += reversed(items)


def _store_file(entry: Object, names: Mapping[str, str]) -> StoreFile:
    chunking = (entry.get("chunking_strategy") or {}).get("static")
    id = str(entry["id"])
    return StoreFile(id, names.get(id, id), entry.get("attributes") or {}, chunking)
