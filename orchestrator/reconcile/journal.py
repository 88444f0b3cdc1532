"""What an apply is about to make, on disk before it is sent, so that the next apply can tell what a kill left behind.

One file a target, `.orch/journal-TARGET.jsonl`, with a JSON object a line:

    {"do": "create", "n": 1, "address": "assistant.tutor"}
    {"do": "upload", "n": 2, "address": "vector_store.papers", "store": "vs_1", "filename": "a.md", "bytes": 9, ...}
    {"did": 2, "id": "file-1"}
    {"done": [2]}
    {"settled": "vector_store.papers"}

A line that says what will be done is on the disk (fsync) before the request goes out; what was done is written after
its reply. An object carries its marks and is found by them (`observe`); a file cannot carry any before it is in a
store, so it is found by what is written here; with its label and hash, by which the next apply attaches it where it is
still wanted. The file goes when everything in it is settled. Whatever is lost with it, the live objects still say whose
they are.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TextIO

from orchestrator.model.address import Address
from orchestrator.providers.interface import FileKey, Upload

Reached = Callable[[str, int, int], None]
"""Hears a step of a change, how many files are done with it, and of how many."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What an apply that ended early was at."""

    creating: frozenset[Address] = frozenset()
    """Sent, perhaps, and never answered."""
    created: Mapping[Address, str] = field(default_factory=dict)
    """Answered with this id; a list that lags may not show it yet."""
    uploads: tuple[Upload, ...] = ()
    """Files that may be on the target and in no store."""


def read_doubts(path: Path) -> Doubts:
    """Read what is not settled; a line that a kill has cut, or that is none of ours, says nothing."""
    open_entries: dict[int, dict[str, Any]] = {}
    for entry in _entries(path):
        match entry:
            case {"do": "create" | "upload", "n": int(number), "address": str()}:
                open_entries[number] = entry
            case {"did": int(number), "id": str(id)} if number in open_entries:
                open_entries[number] = {**open_entries[number], "id": id}
            case {"done": [*numbers]} if all(isinstance(done, int) for done in numbers):
                for done in numbers:
                    open_entries.pop(done, None)
            case {"settled": str(settled)}:
                open_entries = {n: item for n, item in open_entries.items() if item["address"] != settled}
    creating, created, uploads = set(), {}, []
    for entry in open_entries.values():
        address = _address(entry["address"])
        upload = _upload(entry)
        if entry["do"] == "create" and address is not None and "id" in entry:
            created[address] = entry["id"]
        elif entry["do"] == "create" and address is not None:
            creating.add(address)
        elif upload is not None:
            uploads.append(upload)
    return Doubts(frozenset(creating), created, tuple(uploads))


def _entries(path: Path) -> list[Any]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except ValueError:
        return None


def _upload(entry: Mapping[str, Any]) -> Upload | None:
    match entry:
        case {"store": str(store), "filename": str(filename), "bytes": int(size), "at": float(at)}:
            label, sha256 = (str(entry.get(key) or "") for key in ("label", "sha256"))
            return Upload(store, filename, size, at, entry.get("id"), label, sha256, entry["n"])
        case _:
            return None


class Journal:
    """The journal of one apply, written as it goes; what the one before left has been dealt with (`forget`)."""

    def __init__(self, path: Path) -> None:
        """Nothing is written before the first intent; raises `OSError` then where the folder cannot be written."""
        self._path = path
        self._file: TextIO | None = None
        self._number = 0
        self._open: dict[int, Address | None] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End; where everything is settled nothing stays behind."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if not self._open:
                self._path.unlink(missing_ok=True)

    def of(self, address: Address, hear: Reached | None = None) -> "Page":
        """Give the page on which one change writes; `hear` is told how far it is."""
        return Page(self, address, hear)

    def forget(self, but: Collection[int] = ()) -> None:
        """Remove what an apply before this one has left; it has been dealt with, but for these entries."""
        if not but:
            self._path.unlink(missing_ok=True)
            return
        known = [entry["n"] for entry in _entries(self._path) if isinstance(entry, dict) and "n" in entry]
        self._number = max(known)
        self._open = dict.fromkeys(but)
        self._write({"done": [number for number in known if number not in but]})

    async def intend(self, address: Address, entry: Mapping[str, Any]) -> int:
        """Write what will be done and give its number; returns when nothing can lose it any more."""
        self._number += 1
        number = self._number
        self._open[number] = address
        file = self._write({**entry, "n": number, "address": str(address)})
        await asyncio.to_thread(os.fsync, file.fileno())  # a disk takes milliseconds, in which others go on
        return number

    def did(self, number: int, id: str) -> None:
        """Write what came of an entry."""
        self._write({"did": number, "id": id})

    def done(self, number: int) -> None:
        """Write that an entry is in doubt no more; one that is not open is left alone."""
        if number in self._open:
            del self._open[number]
            self._write({"done": [number]})

    def settle(self, address: Address) -> None:
        """Write that a change is whole: nothing of it is in doubt any more."""
        settled = [number for number, owner in self._open.items() if owner == address]
        for number in settled:
            del self._open[number]
        if settled:
            self._write({"done": settled})

    def _write(self, entry: Mapping[str, Any]) -> TextIO:
        if self._file is None:
            self._path.parent.mkdir(exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        return self._file


class Page:
    """What one change writes into the journal; providers know it by `providers.interface.Journal`."""

    def __init__(self, journal: Journal, address: Address, hear: Reached | None = None) -> None:
        self._journal, self._address, self._hear = journal, address, hear
        self._create = 0

    async def creating(self) -> None:
        """Write that an object is about to be created."""
        self._create = await self._journal.intend(self._address, {"do": "create"})

    def created(self, id: str) -> None:
        """Write the id it got."""
        self._journal.did(self._create, id)

    async def uploading(self, store_id: str, key: FileKey, filename: str, size: int) -> int:
        """Write that a file of `size` bytes is about to be uploaded for a store, and give the entry's number."""
        return await self._intend(store_id, key, filename=filename, bytes=size)

    def uploaded(self, number: int, id: str) -> None:
        """Write the id a file got."""
        self._journal.did(number, id)

    async def detaching(self, store_id: str, key: FileKey, file_id: str) -> int:
        """Write that a file is about to be in no store; with its id, it is an upload whose reply came."""
        return await self._intend(store_id, key, filename="", bytes=0, id=file_id)

    async def _intend(self, store_id: str, key: FileKey, **more: str | int) -> int:
        what = {"do": "upload", "store": store_id, "label": key[0], "sha256": key[1], "at": time.time()}
        return await self._journal.intend(self._address, {**what, **more})

    def done(self, number: int) -> None:
        """Write that a file is in its store, or gone."""
        self._journal.done(number)

    def reached(self, step: str, done: int, total: int) -> None:
        """Pass on how far the change is; nothing of it is written."""
        if self._hear is not None:
            self._hear(step, done, total)

    def settle(self) -> None:
        """Write that nothing of this change is in doubt."""
        self._journal.settle(self._address)
