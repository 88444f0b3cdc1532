"""The names files go by: a renamed document keeps its upload, and so its old name on the target, but not in the specs.

Targets tell searches and citations by the name a file was uploaded under. Where nothing that is declared has that name,
the stores are asked once for the paths of their files, which stand in the attributes.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestrator.model.address import Kind
from orchestrator.model.conversation import Answer, Reply
from orchestrator.model.file_names import file_name
from orchestrator.providers.interface import Conversation, Provider

PAGE = 100
"""Files of a store that one request lists."""


class Labels:
    """The names of one set of stores; conversations share them."""

    def __init__(self, provider: Provider, store_ids: Collection[str], declared: Collection[str]) -> None:
        """`declared` are the paths of the stores' files as the specs have them."""
        self._provider, self._store_ids = provider, store_ids
        self._known = {file_name(label) for label in declared}
        self._labels: dict[str, str] | None = None
        self._lock = asyncio.Lock()

    async def renamed(self, reply: Reply) -> Reply:
        """Give a reply with files by the names the specs have for them; raises `TargetError`."""
        passages = [passage for search in reply.evidence.searches for passage in search.passages]
        citations = [citation for message in reply.messages for citation in message.citations]
        names = [each.file for each in passages] + [each.file for each in citations if each.file is not None]
        if all(file_name(name) in self._known for name in names):
            return reply
        requests = 0
        async with self._lock:
            if self._labels is None:
                self._labels, requests = await self._fetch()
        labels = self._labels
        searches = tuple(
            replace(search, passages=tuple(replace(p, file=labels.get(p.file_id, p.file)) for p in search.passages))
            for search in reply.evidence.searches
        )
        messages = tuple(
            replace(message, citations=tuple(replace(c, file=labels.get(c.file_id, c.file)) for c in message.citations))
            for message in reply.messages
        )
        evidence = replace(reply.evidence, searches=searches)
        return replace(reply, messages=messages, evidence=evidence, requests=reply.requests + requests)

    async def _fetch(self) -> tuple[dict[str, str], int]:
        """Give the declared paths by file id, and the requests it took."""
        labels: dict[str, str] = {}
        requests = 0
        for id in self._store_ids:
            store = await self._provider.fetch_files(await self._provider.fetch(Kind.VECTOR_STORE, id))
            files = store.files or {}
            labels |= {file.id: label for label, file in files.items() if file_name(label) in self._known}
            requests += 1 + max(1, -(-len(files) // PAGE))
        return labels, requests


class LabelledConversation:
    """A conversation whose replies name files as the specs do."""

    def __init__(self, inner: Conversation, labels: Labels) -> None:
        self._inner, self._labels = inner, labels

    async def send(self, message: str) -> Reply:
        """Send a message; see `Conversation`."""
        return await self._labels.renamed(await self._inner.send(message))

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the outputs of calls; see `Conversation`."""
        return await self._labels.renamed(await self._inner.answer(answers))

    async def close(self) -> int:
        """End it; see `Conversation`."""
        return await self._inner.close()
