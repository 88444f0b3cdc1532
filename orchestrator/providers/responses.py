"""OpenAI's Responses API with Conversations, and the embedded server where it speaks them.

The API stores no assistants: applying one publishes its release, a file of the project, and the release travels with
each request. Vector stores and files are live objects as on the other wires (API facts 3).
"""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from orchestrator.model.address import Kind
from orchestrator.model.release import FOLDER
from orchestrator.providers._client import Client
from orchestrator.providers.code_files import placed
from orchestrator.providers.interface import (
    NOWHERE,
    Conversation,
    Desired,
    Elsewhere,
    Hearer,
    Journal,
    Live,
)
from orchestrator.providers.keys import CommandKey
from orchestrator.providers.releases import Releases
from orchestrator.providers.responses_conversation import ResponsesConversation
from orchestrator.providers.responses_wire import CAPABILITIES, PATHS, from_release, to_release
from orchestrator.providers.shelf import INDEX_SECONDS
from orchestrator.providers.stored import Dialect, StoredObjects
from orchestrator.providers.stores_wire import store_from_wire, store_to_wire

BETAS = {"/vector_stores": "assistants=v2"}  # as the SDK sends it (API facts 1.0)


def releases_of(root: Path, target: str) -> Releases:
    """Give the releases of a project's target."""
    return Releases(root, root / FOLDER / target)


async def open_responses(
    base_url: str, api_key: str | CommandKey | None, query: Mapping[str, str], releases: Releases
) -> "ResponsesProvider":
    """Connect to the API at `base_url`; nothing is sent yet."""
    return ResponsesProvider(Client(base_url, api_key, query, betas=BETAS), releases)


class ResponsesProvider(StoredObjects):
    """One API that speaks responses, and the releases of one target. Releases cost no request."""

    def __init__(
        self,
        client: Client,
        releases: Releases,
        index_seconds: float = INDEX_SECONDS,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """See `StoredObjects`."""
        dialect = Dialect(PATHS, store_to_wire, lambda _kind, item: store_from_wire(item), CAPABILITIES)
        super().__init__(client, dialect, index_seconds, on_close)
        self._releases = releases

    async def fetch_live(self, kind: Kind) -> tuple[Live, ...]:
        """Read all releases, or all pages of vector stores."""
        if kind is Kind.ASSISTANT:
            return tuple(from_release(release) for release in self._releases.read_all())
        return await super().fetch_live(kind)

    async def fetch(self, kind: Kind, id: str) -> Live:
        """Read one release or one vector store."""
        return from_release(self._releases.read(id)) if kind is Kind.ASSISTANT else await super().fetch(kind, id)

    async def create(self, desired: Desired, journal: Journal) -> str:
        """Publish a release, whose id is the assistant's name, or create a vector store."""
        if desired.address.kind is not Kind.ASSISTANT:
            return await super().create(desired, journal)
        async with placed(self._client, desired, {}, journal) as whole:
            release = to_release(whole)
            self._releases.write(release, new=True)
            journal.created(release.name)
        return release.name

    async def update(self, live: Live, desired: Desired, changed: frozenset[str], journal: Journal) -> str | None:
        """Publish the next release, under its assistant's own name, or change a vector store."""
        if live.kind is not Kind.ASSISTANT:
            return await super().update(live, desired, changed, journal)
        before = self._releases.read(live.id)  # one that is gone is not published again by the way
        async with placed(self._client, desired, live.code_files, journal) as whole:
            release = to_release(whole).after(before)
            if release.name != live.id:
                self._releases.rename(live.id, release)
            else:
                self._releases.settle(live.id)
                self._releases.write(release, new=False)
        return release.name

    async def delete(self, live: Live, elsewhere: Elsewhere = NOWHERE) -> None:
        """Delete a release, or a vector store and what orch uploaded for it."""
        if live.kind is Kind.ASSISTANT:
            for file in live.code_files.values():
                await self.delete_file(file.id)
            self._releases.remove(live.id)
        else:
            await super().delete(live, elsewhere)

    async def _in_use(self, files: Collection[str]) -> frozenset[str]:
        """See `StoredObjects`; a release may name a file too."""
        texts = [json.dumps(release.to_json()) for release in self._releases.read_all()] if files else []
        named = frozenset(id for id in files if any(json.dumps(id) in text for text in texts))
        return named | await super()._in_use([id for id in files if id not in named])

    def open(self, assistant_id: str, model: str | None = None, hearer: Hearer | None = None) -> Conversation:
        """Begin a conversation with what is released now; another model travels with each request."""
        return ResponsesConversation(
            self._client, lambda: self._releases.read_intact(assistant_id).request, model, hearer
        )
