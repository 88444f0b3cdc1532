"""Searching vector stores, as the search route and the `file_search` tool ask for it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.server.knowledge.filters import parse_filter
from orchestrator.server.knowledge.hybrid import search_both
from orchestrator.server.knowledge.matrices import MakeComparable, Matrices
from orchestrator.server.knowledge.search import Hit, SearchRequest, search
from orchestrator.server.knowledge.vector_stores import VectorStoreDocuments
from orchestrator.server.knowledge.vectors import Vectors
from orchestrator.server.tools import SearchHit


class StoreSearcher:
    """A `tools.Searcher` over the index of the server's own database.

    All rankers of the wire are one here; they are accepted so that requests made for the hosted API run.
    """

    def __init__(
        self, documents: VectorStoreDocuments, vectors: Vectors | None = None, make: MakeComparable | None = None
    ) -> None:
        """With `vectors` passages are found by their meaning too; `make` makes them comparable."""
        self._documents, self._vectors = documents, vectors
        self._read = documents.store.fetch_apart
        self._matrices: Matrices | None = None
        if vectors is not None and make is not None:
            self._matrices = Matrices(self._read, vectors.embedder.name, make)

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

        Where questions cannot be embedded, passages are found by their words only.
        """
        live = tuple(filter(self._documents.is_live, request.vector_store_ids))
        for vector_store_id in live:
            self._documents.touch(vector_store_id)
        wanted = replace(request, vector_store_ids=live)
        if self._vectors is None or self._matrices is None:
            return await asyncio.to_thread(search, self._read, wanted)
        asked = await self._vectors.embed_queries(wanted.queries)
        if asked is None:
            return await asyncio.to_thread(search, self._read, wanted)
        return await asyncio.to_thread(search_both, self._read, wanted, asked, self._matrices.nearest)
