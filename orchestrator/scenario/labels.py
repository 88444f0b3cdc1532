"""The paths files go by: targets tell searches and citations by the name a file was uploaded under, which says little.

Files in two folders may share it, and a renamed document keeps its upload and so its old name, which a new one may have
by now. So a file is told by its id: the stores are asked once which path each id has, where a scenario checks files or
where nothing that is declared has the name.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestrator.model.address import Kind
from orchestrator.model.conversation import Answer, Reply
from orchestrator.model.file_names import file_name
from orchestrator.providers.interface import Conversation, Live, Provider

PAGE = 100
"""Files of a store that one request lists."""


class Labels:
    """The paths of the files of one set of stores; conversations share them."""

    def __init__(self, provider: Provider, store_ids: Collection[str], declared: Collection[str]) -> None:
        """`declared` are the paths of the stores' files as the specs have them."""
        self._provider, self._store_ids = provider, store_ids
        self._known = {file_name(label) for label in declared}
        self._labels: dict[str, str] | None = None
        self._lock = asyncio.Lock()

    async def named(self, reply: Reply, exactly: bool) -> Reply:
        """Give a reply with files by their paths; raises `TargetError`.

        Where it need not be `exactly` so, names that are declared stay as the target tells them.
        """
        passages = [passage for search in reply.evidence.searches for passage in search.passages]
        citations = [citation for message in reply.messages for citation in message.citations]
        names = [each.file for each in passages] + [each.file for each in citations if each.file is not None]
        if not (passages or citations) or (not exactly and self._known.issuperset(map(file_name, names))):
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
        """Give the paths by file id, and the requests it took; a file that orch did not put there has none."""
        labels: dict[str, str] = {}
        requests = 0
        for id in self._store_ids:
            store = await self._provider.fetch_files(Live(Kind.VECTOR_STORE, id, {}, None))
            files = store.files or {}
            labels |= {file.id: label for label, file in files.items() if label != file.id}
            requests += max(1, -(-len(files) // PAGE))
        return labels, requests


class LabelledConversation:
    """A conversation whose replies name files as the specs do."""

    def __init__(self, inner: Conversation, labels: Labels, exactly: bool) -> None:
        """`exactly` tells whether names that are declared may be those of other files."""
        self._inner, self._labels, self._exactly = inner, labels, exactly

    async def send(self, message: str) -> Reply:
        """Send a message; see `Conversation`."""
        return await self._labels.named(await self._inner.send(message), self._exactly)

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give the outputs of calls; see `Conversation`."""
        return await self._labels.named(await self._inner.answer(answers), self._exactly)

    async def close(self) -> int:
        """End it; see `Conversation`."""
        return await self._inner.close()
