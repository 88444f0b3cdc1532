"""Searching vector stores, as the search route and the `file_search` tool ask for it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.server.knowledge.embedder import EmbeddingError
from orchestrator.server.knowledge.filters import parse_filter
from orchestrator.server.knowledge.hybrid import Nearest, search_both
from orchestrator.server.knowledge.search import Hit, SearchRequest, search
from orchestrator.server.knowledge.vector_stores import VectorStoreDocuments
from orchestrator.server.knowledge.vectors import Vectors
from orchestrator.server.tools import SearchHit
from orchestrator.server.wire import WireError


class StoreSearcher:
    """A `tools.Searcher` over the index of the server's own database.

    All rankers of the wire are one here; they are accepted so that requests made for the hosted API run.
    """

    def __init__(
        self, documents: VectorStoreDocuments, vectors: Vectors | None = None, nearest: Nearest | None = None
    ) -> None:
        """With `vectors` passages are found by their meaning too; `nearest` compares them."""
        self._documents, self._vectors, self._nearest = documents, vectors, nearest

    async def search(
        self,
        vector_store_ids: Sequence[str],
        query: str,
        max_num_results: int,
        ranking_options: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> list[SearchHit]:
        """See tools.Searcher; raises WireError 400 for a wrong filter."""
        request = SearchRequest(
            queries=(query,),
            vector_store_ids=tuple(vector_store_ids),
            max_num_results=max_num_results,
            score_threshold=(ranking_options or {}).get("score_threshold") or 0.0,
            condition=None if filters is None else parse_filter(filters),
        )
        hits = await self.search_passages(request)
        return [SearchHit(hit.file_id, hit.filename, hit.score, hit.text, hit.attributes) for hit in hits]

    async def search_passages(self, request: SearchRequest) -> list[Hit]:
        """Search the stores that are there and have not expired, and note that they were used.

        Raises WireError 500 where questions cannot be embedded.
        """
        live = tuple(filter(self._documents.is_live, request.vector_store_ids))
        for vector_store_id in live:
            self._documents.touch(vector_store_id)
        wanted, read = replace(request, vector_store_ids=live), self._documents.store.fetch_rows
        if self._vectors is None or self._nearest is None:
            return await asyncio.to_thread(search, read, wanted)
        model = self._vectors.embedder.name
        try:
            asked = await self._vectors.embed_queries(wanted.queries)
            return await asyncio.to_thread(search_both, read, wanted, asked, model, self._nearest)
        except (EmbeddingError, ValueError) as error:
            raise WireError(500, str(error), type="server_error") from error
