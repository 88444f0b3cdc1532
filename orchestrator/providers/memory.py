"""A provider that keeps its objects in memory: the seam for testing what is built on providers, ours and others'.

It behaves like a real target where that matters to a reconciler: references must exist, metadata is limited to 16
pairs, fields nobody set are read back as the target's defaults, lists come in pages. Requests are counted by the paths
of the Assistants protocol. What tests need from a bad day can be asked for: a fault at the n-th request of a kind
(before or after it was carried out), fields that are silently dropped, capabilities that are missing, and `on_request`,
which is awaited before every request and so can hold one.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from orchestrator.errors import TargetError, TargetMissingError, TargetRejectedError
from orchestrator.model.address import Kind
from orchestrator.model.fields import Fields, file_label, file_path, resolved
from orchestrator.model.knowledge import Found, Query
from orchestrator.model.ownership import MAX_PAIRS, MAX_VALUE, Marks, user_pairs
from orchestrator.providers.interface import (
    NOWHERE,
    Capabilities,
    Capability,
    Conversation,
    Desired,
    Elsewhere,
    FileKey,
    Hearer,
    Journal,
    Live,
    LiveFile,
    Look,
    LooseFile,
    Requests,
    Swept,
    Upload,
)
from orchestrator.providers.scripted_conversation import ScriptedConversation

PATHS = {Kind.ASSISTANT: "/assistants", Kind.VECTOR_STORE: "/vector_stores"}
PREFIXES = {Kind.ASSISTANT: "asst", Kind.VECTOR_STORE: "vs"}
DEFAULTS: Mapping[Kind, Fields] = {
    Kind.ASSISTANT: {
        "temperature": 1,
        "top_p": 1,
        "response_format": "auto",
        "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0},
    },
    Kind.VECTOR_STORE: {},
}
EVERYTHING = Capabilities(can=frozenset(Capability), defaults=DEFAULTS)
"""All capabilities, with the defaults of the Assistants API."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure: the `number`-th request of the name `request` ends in `error`."""

    request: str
    """As counted, for example `POST /assistants`."""
    error: TargetError
    number: int = 1
    carried_out: bool = False
    """Whether the target did it all the same and only the reply was lost."""


@dataclass(slots=True)
class StoredObject:
    """One object as the target holds it; tests may change it to play somebody outside."""

    kind: Kind
    fields: dict[str, Any]
    """Without defaults, metadata and files; references are ids."""
    metadata: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """A store's files by label, as in the fields."""
    foreign_files: set[str] = field(default_factory=set)  # labels of files that orch did not upload


class MemoryProvider:
    """A target in memory."""

    def __init__(
        self,
        capabilities: Capabilities = EVERYTHING,
        faults: Sequence[Fault] = (),
        drops: frozenset[str] = frozenset(),
        page_size: int = 100,
        on_request: Callable[[str], Awaitable[None]] | None = None,
        conversations: Callable[[str, str | None], Conversation] | None = None,
        retirements: Mapping[str, date] | None = None,
    ) -> None:
        """`conversations` begins one with an assistant, by id, and the model that answers in place of its own."""
        self.objects: dict[str, StoredObject] = {}
        """Everything that is live, by id."""
        self.at_once = 1  # a file a request, one after the other
        self.drops = drops  # paths of fields that are accepted and not kept
        self._capabilities = capabilities
        self._requests = Requests()
        self._faults = tuple(faults)
        self._page_size = page_size
        self._on_request = on_request
        self._conversations = conversations
        self._retirements = dict(retirements or {})
        self._made = 0

    @property
    def capabilities(self) -> Capabilities:
        """What this target was told to be able to do."""
        return self._capabilities

    @property
    def requests(self) -> Requests:
        """Requests so far."""
        return self._requests

    def put(self, stored: StoredObject) -> str:
        """Place an object as somebody else would, without a request; gives its id."""
        # An id is not given twice, not even after a delete, nor one that a test has placed itself.
        self._made = next(
            number for number in count(self._made + 1) if f"{PREFIXES[stored.kind]}_{number}" not in self.objects
        )
        id = f"{PREFIXES[stored.kind]}_{self._made}"
        self.objects[id] = stored
        return id

    async def fetch_live(self, kind: Kind) -> tuple[Live, ...]:
        """Give all objects of a kind; one request a page."""
        ids = [id for id, stored in self.objects.items() if stored.kind is kind]
        for _ in range(0, max(len(ids), 1), self._page_size):
            await self._request(f"GET {PATHS[kind]}")
        return tuple(self._live(id) for id in ids)

    async def fetch(self, kind: Kind, id: str) -> Live:
        """Give one object, without a store's files."""
        await self._request(f"GET {PATHS[kind]}/{{id}}")
        self._find(kind, id)
        return self._live(id)

    async def fetch_files(self, store: Live) -> Live:
        """Give a store with its files; one request a page."""
        stored = self._find(Kind.VECTOR_STORE, store.id)
        for _ in range(0, max(len(stored.files), 1), self._page_size):
            await self._request("GET /vector_stores/{id}/files")
        return self._live(store.id, with_files=True)

    async def create(self, desired: Desired, journal: Journal) -> str:
        """Create an object; a store's files take a request each."""
        kind = desired.address.kind
        stored = self._stored(desired, kind)
        lost = await self._request(f"POST {PATHS[kind]}")
        id = self.put(stored)
        _answer(lost)
        journal.created(id)
        for path, value in desired.fields.items():
            await self._attach(stored, path, value)
        return id

    async def update(self, live: Live, desired: Desired, changed: frozenset[str], journal: Journal) -> None:
        """Change the fields at `changed`; a store's files take a request each, the record is written last."""
        stored = self._find(live.kind, live.id)
        for path in sorted(path for path in changed if file_label(path) is not None):
            await self._detach(stored, path)
            if path in desired.fields:
                await self._attach(stored, path, desired.fields[path])
        wanted = self._stored(desired, live.kind)
        lost = await self._request(f"POST {PATHS[live.kind]}/{{id}}")
        self._find(live.kind, live.id)
        kept = {path: value for path, value in stored.fields.items() if path not in changed}
        stored.fields = kept | {path: value for path, value in wanted.fields.items() if path in changed}
        stored.metadata = wanted.metadata
        _answer(lost)

    async def delete(self, live: Live, elsewhere: Elsewhere = NOWHERE) -> None:
        """Delete an object; one that is gone already is done."""
        lost = await self._request(f"DELETE {PATHS[live.kind]}/{{id}}")
        self.objects.pop(live.id, None)
        _answer(lost)

    async def search(self, store_id: str, query: Query) -> tuple[Found, ...]:
        """Refuse: what files hold is not kept."""
        raise TargetRejectedError("nothing is searched in memory", "ask a target that keeps files")

    async def fetch_models(self) -> Mapping[str, date | None] | None:
        """Give the models that were given as `retirements`."""
        await self._request("GET /models")
        return self._retirements

    async def fetch_loose(self, looks: Collection[Look]) -> tuple[LooseFile, ...]:
        """Give none: a file is in its store here as soon as it is sent."""
        return ()

    async def delete_file(self, id: str) -> None:
        """Do nothing: there are no files outside of stores."""

    async def sweep(self, uploads: Sequence[Upload], wanted: Collection[FileKey] = ()) -> Swept:
        """Delete nothing: a file is in its store here as soon as it is sent."""
        return Swept()

    def open(self, assistant_id: str, model: str | None = None, hearer: Hearer | None = None) -> Conversation:
        """Begin a conversation with what was given as `conversations`; a scripted one is heard."""
        if self._conversations is None:
            raise TargetRejectedError(
                "this in-memory target cannot converse", "give MemoryProvider a function as `conversations`"
            )
        conversation = self._conversations(assistant_id, model)
        if isinstance(conversation, ScriptedConversation):
            conversation.hearer = hearer
        return conversation

    async def close(self) -> None:
        """Give nothing back; there is nothing open."""

    async def _request(self, name: str) -> TargetError | None:
        """Count a request; raise its fault, or give the fault that hides a success."""
        self._requests.add(name)
        number = self._requests.counts[name]
        if self._on_request is not None:
            await self._on_request(name)
        for fault in self._faults:
            if (fault.request, fault.number) == (name, number):
                if not fault.carried_out:
                    raise fault.error
                return fault.error
        return None

    def _find(self, kind: Kind, id: str) -> StoredObject:
        stored = self.objects.get(id)
        if stored is None or stored.kind is not kind:
            raise TargetMissingError(f"no {kind} has the id {id}", "plan again: it was deleted meanwhile")
        return stored

    def _live(self, id: str, with_files: bool = False) -> Live:
        stored = self.objects[id]
        fields = dict(self._capabilities.defaults.get(stored.kind, {})) | stored.fields
        if "tools.file_search" not in stored.fields:
            fields = {path: value for path, value in fields.items() if not path.startswith("tools.file_search")}
        fields |= {f"metadata.{key}": value for key, value in user_pairs(stored.metadata).items()}
        files = None
        if with_files:
            files = {
                label: LiveFile(f"{id}/{label}", dict(value), label not in stored.foreign_files)
                for label, value in stored.files.items()
            }
            fields |= {file_path(label): dict(value) for label, value in stored.files.items()}
        marks = Marks.from_metadata(stored.metadata)
        return Live(stored.kind, id, fields, marks, file_count=len(stored.files), files=files)

    def _stored(self, desired: Desired, kind: Kind) -> StoredObject:
        """Translate what is wanted into what is kept, refusing what a real target would."""
        fields: dict[str, Any] = {}
        metadata = desired.marks.to_metadata()
        for path, value in desired.fields.items():
            if path in self.drops or value is None or file_label(path) is not None:
                continue
            if path.startswith("metadata."):
                metadata[path.removeprefix("metadata.")] = value
            else:
                fields[path] = resolved(value, desired.ids)
        if len(metadata) > MAX_PAIRS or any(len(value) > MAX_VALUE for value in metadata.values()):
            raise TargetRejectedError(f"metadata holds at most {MAX_PAIRS} pairs of {MAX_VALUE} characters")
        for id in fields.get("tools.file_search.vector_stores", ()):
            if id not in self.objects:
                raise TargetRejectedError(f"no vector store has the id {id}")
        return StoredObject(kind, fields, metadata)

    async def _attach(self, stored: StoredObject, path: str, value: Mapping[str, Any]) -> None:
        label = file_label(path)
        if label is not None:
            lost = await self._request("POST /vector_stores/{id}/files")
            if path not in self.drops:
                stored.files[label] = dict(value)
            _answer(lost)

    async def _detach(self, stored: StoredObject, path: str) -> None:
        label = file_label(path)
        if label is not None and label in stored.files:
            lost = await self._request("DELETE /vector_stores/{id}/files/{id}")
            del stored.files[label]
            stored.foreign_files.discard(label)
            _answer(lost)


def _answer(lost: TargetError | None) -> None:
    """End a request that was carried out: well, or with its reply lost."""
    if lost is not None:
        raise lost
