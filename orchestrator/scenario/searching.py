"""A vector store asked as if it were an assistant: each message is searched for, and the reply is what was found.

So question lists are played, repeated, recorded and reported as conversations are, and no model is asked.
"""

from collections.abc import Sequence

from orchestrator.model.conversation import Answer, Evidence, Passage, Reply, ReplyStatus, Search
from orchestrator.model.knowledge import Query
from orchestrator.providers.interface import Provider


class SearchConversation:
    """One question list over one store; a search is one request, and nothing is left on the target."""

    def __init__(self, provider: Provider, store_id: str, most: int) -> None:
        """`most` results are asked for, 1 to 50."""
        self._provider, self._store_id, self._most = provider, store_id, most

    async def send(self, message: str) -> Reply:
        """Search for a message; raises `TargetError`."""
        found = await self._provider.search(self._store_id, Query(message, self._most))
        passages = tuple(Passage(each.file_id, each.file, each.score, each.text) for each in found)
        return Reply(ReplyStatus.COMPLETED, evidence=Evidence((Search(passages),)))

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Never asked for: a search calls nothing."""
        raise RuntimeError(f"a search has no calls, and {len(answers)} outputs were given")

    async def close(self) -> int:
        """Leave nothing behind."""
        return 0
