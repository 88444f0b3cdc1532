"""`/vector_stores`: stores and searches in them."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.server.knowledge.bodies import CREATE_STORE, MODIFY_STORE, SEARCH, Attachment, read_chunking
from orchestrator.server.knowledge.filters import parse_filter
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.knowledge.search import Hit, SearchRequest
from orchestrator.server.knowledge.terms import rewritten
from orchestrator.server.knowledge.vector_stores import STORE
from orchestrator.server.routes.http import read_body, read_page_query, reply
from orchestrator.server.store import Body
from orchestrator.server.wire import deleted, invalid, page_envelope

POLL_AFTER_MS = "20"  # the SDK's helpers wait this long between two looks; indexing a small file takes less


class VectorStoreRoutes:
    """The routes of vector stores over one `Knowledge`."""

    def __init__(self, knowledge: Knowledge, searcher: StoreSearcher) -> None:
        self._knowledge = knowledge
        self._searcher = searcher

    def routes(self) -> list[Route]:
        """The routes, below `/v1`."""
        return [
            Route("/vector_stores", self.create, methods=["POST"]),
            Route("/vector_stores", self.list, methods=["GET"]),
            Route("/vector_stores/{vector_store_id}", self.retrieve, methods=["GET"]),
            Route("/vector_stores/{vector_store_id}", self.modify, methods=["POST"]),
            Route("/vector_stores/{vector_store_id}", self.delete, methods=["DELETE"]),
            Route("/vector_stores/{vector_store_id}/search", self.search, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make a store, with files if they are named."""
        fields = await read_body(request, CREATE_STORE)
        strategy = read_chunking(fields["chunking_strategy"])
        if strategy is not None and not fields["file_ids"]:
            raise invalid(
                "'chunking_strategy' is only applicable if 'file_ids' is non-empty.",
                param="chunking_strategy",
                code="invalid_value",
            )
        attachments = [Attachment(file_id, None, strategy) for file_id in fields["file_ids"]]
        return poll_reply(self._knowledge.create_store(fields, attachments))

    async def list(self, request: Request) -> Response:
        """One page of stores."""
        self._knowledge.expire()
        page = self._knowledge.documents.store.fetch_page(STORE, "", read_page_query(request))
        return reply(page_envelope(page))

    async def retrieve(self, request: Request) -> Response:
        """One store."""
        self._knowledge.expire()
        body = self._knowledge.documents.fetch_store(request.path_params["vector_store_id"])
        if body["status"] == "in_progress":
            self._knowledge.resume()
        return poll_reply(body)

    async def modify(self, request: Request) -> Response:
        """Change name, metadata or expiry."""
        self._knowledge.expire()
        fields = await read_body(request, MODIFY_STORE)
        return poll_reply(self._knowledge.modify_store(request.path_params["vector_store_id"], fields))

    async def delete(self, request: Request) -> Response:
        """Delete a store; its files stay."""
        vector_store_id = request.path_params["vector_store_id"]
        self._knowledge.remove_store(vector_store_id)
        return reply(deleted(vector_store_id, "vector_store.deleted"))

    async def search(self, request: Request) -> Response:
        """The passages that fit best, as one page."""
        self._knowledge.expire()
        vector_store_id = request.path_params["vector_store_id"]
        fields = await read_body(request, SEARCH)
        wanted = _read_search(vector_store_id, fields)
        self._knowledge.open_store(vector_store_id)
        hits = await self._searcher.search_passages(wanted)
        page = {
            "object": "vector_store.search_results.page",
            "search_query": list(wanted.queries),
            "data": [_show(hit) for hit in hits],
            "has_more": False,
            "next_page": None,
        }
        return reply(page)


def poll_reply(body: Body) -> Response:
    """A reply that tells the SDK's polling helpers to look again soon while something is in progress."""
    headers = {"openai-poll-after-ms": POLL_AFTER_MS} if body["status"] == "in_progress" else None
    return reply(body, headers=headers)


def _read_search(vector_store_id: str, fields: Mapping[str, Any]) -> SearchRequest:
    query = fields["query"]
    queries = (query,) if isinstance(query, str) else tuple(query)
    return SearchRequest(
        queries=tuple(map(rewritten, queries)) if fields["rewrite_query"] else queries,
        vector_store_ids=(vector_store_id,),
        max_num_results=int(fields["max_num_results"]),
        score_threshold=(fields["ranking_options"] or {}).get("score_threshold", 0.0),
        condition=None if fields["filters"] is None else parse_filter(fields["filters"]),
    )


def _show(hit: Hit) -> Body:
    return {
        "file_id": hit.file_id,
        "filename": hit.filename,
        "score": hit.score,
        "attributes": dict(hit.attributes),
        "content": [{"type": "text", "text": hit.text}],
    }
