"""What a provider is, for the engines that use one and for the author of the next.

A provider is two pure translations and a few calls. `to_wire` and `from_wire` map between the spec's flat fields
(`model/fields.py`) and one API's objects; diffs are made on spec fields, so a plan reads alike on every target.

A provider **must**
- answer `fetch_live` completely or raise: a failed or cut page is never an absence;
- write the marks it is given in the very request that creates an object, and send a create once, without retries;
- translate server-filled values into what an author would have written (`capabilities.defaults`), and keep what it
  does not know: an unknown tool or field of a live object survives an update;
- raise only `TargetError` kinds; the library it speaks through stays behind its door;
- count every request in `requests`.

A provider **may**
- leave out capabilities, and declare `limits`: the planner and `orch validate` refuse early what it cannot do, and say
  what to write instead; the contract suite skips it by name.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.model.address import Address, Kind
from orchestrator.model.code_files import CodeFile
from orchestrator.model.conversation import Answer, CodeRun, Reply, Search
from orchestrator.model.fields import Fields
from orchestrator.model.knowledge import Found, Query
from orchestrator.model.ownership import Marks


class Capability(StrEnum):
    """What a target can do; the README's provider table is made from these, so keep each word plain."""

    VECTOR_STORES = "vector stores"
    FILE_SEARCH = "file search"
    CODE_INTERPRETER = "code interpreter"
    FUNCTIONS = "functions"
    SAMPLING = "temperature and top_p"
    REASONING_EFFORT = "reasoning effort"
    RESPONSE_FORMAT = "response format"
    CITATIONS = "citations"
    MODEL_DATES = "model shutdown dates"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something a spec may say and a target cannot hold."""

    path: str
    """The field's path; `*` stands for any text: `tools.*.strict`."""
    instead: str
    """What to write instead."""
    values: tuple[Any, ...] | None = None
    """The values it cannot hold; None where it has no such field at all."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider declares about its API, for planning."""

    can: frozenset[Capability]
    defaults: Mapping[Kind, Fields]
    """Values the API fills in for a field nobody set; a removed field is read back as this."""
    limits: tuple[Limit, ...] = ()
    """What it cannot hold of what it can do; refused at its place, with what to write instead."""
    kept: Callable[[Kind, Fields], Fields] | None = None
    """Gives declared fields as they read once they went through the API, where it keeps less than was said."""
    bridged: Callable[[Fields], frozenset[str]] | None = None
    """Gives the paths of tools that a resource has by a bridge of its own, where the API has no such tool."""
    pairs: Callable[[Fields], int] | None = None
    """Gives how many metadata pairs a resource needs beside the author's and the record."""
    chosen: frozenset[str] = frozenset()
    """Paths of assistants at which the API chooses by itself where nobody declares a value: any is right there."""


@dataclass(frozen=True, slots=True)
class LiveFile:
    """One file in a live vector store."""

    id: str
    value: Mapping[str, Any]
    """`{sha256, attributes, chunking}` as in the fields; `failed` holds the reason where indexing failed."""
    ours: bool
    """Whether orch uploaded it, so that it may be deleted and not only detached."""
    attempts: tuple["LiveFile", ...] = ()
    """Contents that were to take its place and are not searchable; they stay, so that any machine knows of them."""
    pending: bool = False
    """Whether it is being indexed: nobody knows yet what becomes of it."""
    lasting: bool = True
    """Where it failed: whether its content is the reason, so that the same fails again."""

    @property
    def failures(self) -> Mapping[str, str]:
        """Give the contents that cannot be indexed, by SHA-256 (hex), each with the target's reason."""
        files = [file for file in (self, *self.attempts) if "failed" in file.value and file.lasting]
        return {file.value["sha256"]: file.value["failed"] for file in files}

    @property
    def awaited(self) -> frozenset[str]:
        """Give the contents that are being indexed, by SHA-256 (hex)."""
        return frozenset(file.value["sha256"] for file in (self, *self.attempts) if file.pending)


@dataclass(frozen=True, slots=True)
class Live:
    """One live object, translated into the spec's fields."""

    kind: Kind
    id: str
    fields: Fields
    """References are ids here; a store's `files[...]` are present only once they are read (`files`)."""
    marks: Marks | None
    """Whose it is, or None where orch never applied it."""
    file_count: int = 0
    """Number of usable files in a store, from its own counters."""
    files: Mapping[str, LiveFile] | None = None
    """A store's files by label, or None where they were not read."""
    failed_count: int = 0
    """Number of files in a store that could not be indexed, from its own counters."""
    code_files: Mapping[str, CodeFile] = field(default_factory=dict)
    """Files that orch uploaded for an assistant's code interpreter, by label."""
    expired: bool = False
    """Whether a store's time is over: it has lost its files, and takes none any more (API facts 2.2)."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where else the files of a store of ours may be: an upload is made once, and goes with the last that has it."""

    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By label, the other live stores of ours that shall have the file too."""
    unknown: tuple[str, ...] = ()
    """Other live stores of ours that stay, of which nobody knows which files they have."""

    def of(self, label: str) -> tuple[str, ...]:
        """Give the stores that may have the file of a label."""
        return (*self.declared.get(label, ()), *self.unknown)


NOWHERE = Elsewhere()
"""Of files that are in one store alone."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What a create or an update has to reach."""

    address: Address
    fields: Fields
    """Every field as it shall be, declared or kept; references are `Ref`."""
    marks: Marks
    ids: Mapping[Address, str]
    """Ids of the resources that `Ref`s point at."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where the contents of its files lie, by label."""
    elsewhere: Elsewhere = NOWHERE
    """Where else these files may be."""
    code_files: Mapping[str, CodeFile] = field(default_factory=dict)
    """Files of its code interpreter as they are uploaded, by label; a provider adds them just before it writes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into a store, as the journal keeps it."""

    store: str
    """Id of the store."""
    filename: str
    bytes: int
    at: float
    """Seconds since 1970 by this machine's clock, just before it was sent."""
    id: str | None = None
    """Id it got; None where no reply came."""
    label: str = ""
    sha256: str = ""
    """In hex; empty, as the label, where no store shall have it."""
    number: int = 0
    """Of the journal's entry."""

    @property
    def key(self) -> "FileKey":
        """Give what it is."""
        return self.label, self.sha256


FileKey = tuple[str, str]
"""A store's file by what it is: its label, and the SHA-256 (hex) of its content."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of uploads that were in doubt."""

    unclear: tuple[str, ...] = ()
    """Names of files of which it cannot be told which is ours."""
    kept: frozenset[int] = frozenset()
    """Numbers of those that are attached by this apply, and stay in doubt until then."""


Look = tuple[str, int]
"""What tells one file from another where nothing else does: its name, and its size in bytes."""


@dataclass(frozen=True, slots=True, order=True)
class LooseFile:
    """An uploaded file that nothing on the target has."""

    filename: str
    id: str
    bytes: int
    created_at: int
    """Seconds since 1970."""
    other_size: bool = False
    """Whether only its name is one that was asked for."""


class Journal(Protocol):
    """Where a provider says what it is about to make, before it sends it, and what became of it."""

    def created(self, id: str) -> None:
        """Hear the id of the object, as soon as it is known."""
        ...

    async def uploading(self, store_id: str, key: FileKey, filename: str, size: int) -> int:
        """Hear of a file of `size` bytes before it is sent; gives the number of the entry."""
        ...

    def uploaded(self, number: int, id: str) -> None:
        """Hear the id a file got."""
        ...

    async def detaching(self, store_id: str, key: FileKey, file_id: str) -> int:
        """Hear of a file of ours that is about to be in no store for a while, or for good; gives the entry's number."""
        ...

    def done(self, number: int) -> None:
        """Hear that a file is in its store, or gone: what stands in the entry is in doubt no more."""
        ...

    def reached(self, step: str, done: int, total: int) -> None:
        """Hear how far a long change is: of its `total` files so many are `uploaded`, `indexed`, `removed`."""
        ...


@dataclass(slots=True)
class Requests:
    """How many requests were sent, by method and path shape; printed after plan and apply, asserted in tests."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str) -> None:
        """Count one request, for example `GET /assistants`."""
        self.counts[name] = self.counts.get(name, 0) + 1

    @property
    def total(self) -> int:
        """All requests so far."""
        return sum(self.counts.values())


class Hearer(Protocol):
    """Hears a reply while it is made; all it is told stands in the `Reply` too."""

    def wrote(self, text: str) -> None:
        """Hear the next piece of the message that is being written."""
        ...

    def searched(self, search: Search) -> None:
        """Hear what a search found; a target may tell the texts of passages only with the reply."""
        ...

    def ran(self, code: CodeRun) -> None:
        """Hear what code was run, and what it printed."""
        ...


class Conversation(Protocol):
    """One conversation with one assistant; the same on every wire."""

    async def send(self, message: str) -> Reply:
        """Say something; returns when the assistant has answered or waits for outputs (`needs_answers`).

        Raises `TargetRejectedError` while calls of the turn before wait for theirs.
        """
        ...

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the outputs of all calls of the last reply, together; raises `TargetRejectedError` for any others."""
        ...

    async def close(self) -> int:
        """Remove what the conversation left on the target; gives how many requests that took."""
        ...


class Provider(Protocol):
    """One live API. All methods raise `TargetError` kinds only."""

    at_once: int
    """How many files of one change are sent, changed or removed at a time; an apply sets it (`--concurrency`)."""

    @property
    def capabilities(self) -> Capabilities:
        """What this API can do; no I/O."""
        ...

    @property
    def requests(self) -> Requests:
        """Requests sent so far."""
        ...

    async def fetch_live(self, kind: Kind) -> tuple[Live, ...]:
        """Read all live objects of a kind, in pages; files of stores are not read."""
        ...

    async def fetch(self, kind: Kind, id: str) -> Live:
        """Read one object; raises `TargetMissingError`. Files of a store are not read."""
        ...

    async def fetch_files(self, store: Live) -> Live:
        """Give the same store with its files read, in `files` and in `fields`."""
        ...

    async def create(self, desired: Desired, journal: Journal) -> str:
        """Create an object with its marks and give its id; a store's files are uploaded, attached and awaited."""
        ...

    async def update(self, live: Live, desired: Desired, changed: frozenset[str], journal: Journal) -> str | None:
        """Change the fields at the paths in `changed` (removed ones are reset) and, files first, write the marks.

        Gives the object's id where that goes with the name and may have changed; None where it stays.
        """
        ...

    async def delete(self, live: Live, elsewhere: Elsewhere = NOWHERE) -> None:
        """Delete an object and what orch uploaded for it alone; one that is gone already is done."""
        ...

    async def search(self, store_id: str, query: Query) -> tuple[Found, ...]:
        """Search one store; gives passages, best first. One request."""
        ...

    async def fetch_models(self) -> Mapping[str, date | None] | None:
        """Give the models there are, each with the day on which it is shut down, if that is set.

        None where the target has no such list. One request.
        """
        ...

    async def fetch_loose(self, looks: Collection[Look]) -> tuple[LooseFile, ...]:
        """Give files that look like these, or have the name of one, and that nothing on the target has."""
        ...

    async def delete_file(self, id: str) -> None:
        """Delete one uploaded file; one that is gone already is done."""
        ...

    async def sweep(self, uploads: Sequence[Upload], wanted: Collection[FileKey] = ()) -> Swept:
        """Delete those of our uploads that are in no store; one that is `wanted` is kept for who asks for it."""
        ...

    def open(self, assistant_id: str, model: str | None = None, hearer: Hearer | None = None) -> Conversation:
        """Begin a conversation, in which `model` answers in place of the assistant's own; None leaves its own.

        Nothing is sent before the first message. The assistant itself stays as it is. `hearer` hears replies while
        they are made, which costs no request.
        """
        ...

    async def close(self) -> None:
        """Give back connections; the provider is not used afterwards."""
        ...
