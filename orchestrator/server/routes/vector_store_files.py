"""`/vector_stores/{id}/files` and `/vector_stores/{id}/file_batches`: what is in a store."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.server.knowledge import search_index
from orchestrator.server.knowledge.bodies import (
    ATTACH,
    CREATE_BATCH,
    SET_ATTRIBUTES,
    Attachment,
    read_attachment,
    read_chunking,
)
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.vector_stores import ENTRY
from orchestrator.server.routes.http import read_body, read_page_query, reply
from orchestrator.server.routes.vector_stores import poll_reply
from orchestrator.server.shapes import Choice
from orchestrator.server.wire import (
    deleted,
    invalid,
    list_envelope,
    page_envelope,
)

_STATUS = Choice(("in_progress", "completed", "failed", "cancelled"))
_FILES = "/vector_stores/{vector_store_id}/files"
_BATCHES = "/vector_stores/{vector_store_id}/file_batches"


class VectorStoreFileRoutes:
    """The routes of files and batches in vector stores over one `Knowledge`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._documents = knowledge.documents

    def routes(self) -> list[Route]:
        """The routes, below `/v1`."""
        return [
            Route(_FILES, self.attach, methods=["POST"]),
            Route(_FILES, self.list, methods=["GET"]),
            Route(_FILES + "/{file_id}", self.retrieve, methods=["GET"]),
            Route(_FILES + "/{file_id}", self.modify, methods=["POST"]),
            Route(_FILES + "/{file_id}", self.detach, methods=["DELETE"]),
            Route(_FILES + "/{file_id}/content", self.content, methods=["GET"]),
            Route(_BATCHES, self.create_batch, methods=["POST"]),
            Route(_BATCHES + "/{batch_id}", self.retrieve_batch, methods=["GET"]),
            Route(_BATCHES + "/{batch_id}/cancel", self.cancel_batch, methods=["POST"]),
            Route(_BATCHES + "/{batch_id}/files", self.list_batch, methods=["GET"]),
        ]

    async def attach(self, request: Request) -> Response:
        """Put a file into a store; indexing goes on in the background."""
        self._knowledge.expire()
        fields = await read_body(request, ATTACH)
        return poll_reply(self._knowledge.attach_one(_store_id(request), read_attachment(fields)))

    async def list(self, request: Request) -> Response:
        """One page of the files in a store, of one status if asked."""
        self._knowledge.expire()
        self._documents.fetch_store(_store_id(request))
        query, status = read_page_query(request), _read_filter(request)
        match = {"status": status} if status else None
        page = self._documents.store.fetch_page(ENTRY, _store_id(request), query, match)
        return reply(page_envelope(page))

    async def retrieve(self, request: Request) -> Response:
        """One file in a store."""
        self._knowledge.expire()
        entry = self._documents.fetch_entry(_store_id(request), request.path_params["file_id"])
        if entry["status"] == "in_progress":
            self._knowledge.resume()
        return poll_reply(entry)

    async def modify(self, request: Request) -> Response:
        """Replace the attributes."""
        self._knowledge.expire()
        fields = await read_body(request, SET_ATTRIBUTES)
        if "attributes" not in fields:
            raise invalid(
                "Missing required parameter: 'attributes'.", param="attributes", code="missing_required_parameter"
            )
        file_id, attributes = request.path_params["file_id"], fields["attributes"] or {}
        return poll_reply(self._knowledge.set_attributes(_store_id(request), file_id, attributes))

    async def detach(self, request: Request) -> Response:
        """Take a file out of a store."""
        self._knowledge.expire()
        file_id = request.path_params["file_id"]
        self._knowledge.detach(_store_id(request), file_id)
        return reply(deleted(file_id, "vector_store.file.deleted"))

    async def content(self, request: Request) -> Response:
        """The parsed text of a file; nothing until it is indexed."""
        self._knowledge.expire()
        entry = self._documents.fetch_entry(_store_id(request), request.path_params["file_id"])
        text = search_index.read_text(self._documents.store.fetch_rows, entry["vector_store_id"], entry["id"])
        page = {
            "object": "vector_store.file_content.page",
            "data": [{"type": "text", "text": text}] if text else [],
            "has_more": False,
            "next_page": None,
        }
        return reply(page)

    async def create_batch(self, request: Request) -> Response:
        """Put many files into a store: `file_ids` with common options, or `files` with options of their own."""
        self._knowledge.expire()
        fields = await read_body(request, CREATE_BATCH)
        file_ids, files = fields["file_ids"], fields["files"]
        if (file_ids is None) == (files is None):
            raise invalid("Expected exactly one of 'file_ids' and 'files'.", param="file_ids", code="invalid_value")
        strategy = read_chunking(fields["chunking_strategy"])
        if files is None:
            attachments = [Attachment(file_id, fields["attributes"], strategy) for file_id in file_ids]
        else:
            attachments = [read_attachment(file, f"files[{index}].") for index, file in enumerate(files)]
        return poll_reply(self._knowledge.create_batch(_store_id(request), attachments))

    async def retrieve_batch(self, request: Request) -> Response:
        """One batch with its counts."""
        self._knowledge.expire()
        batch = self._documents.fetch_batch(_store_id(request), request.path_params["batch_id"])
        if batch["status"] == "in_progress":
            self._knowledge.resume()
        return poll_reply(batch)

    async def cancel_batch(self, request: Request) -> Response:
        """Stop what is not indexed yet."""
        return poll_reply(self._knowledge.cancel_batch(_store_id(request), request.path_params["batch_id"]))

    async def list_batch(self, request: Request) -> Response:
        """One page of the files a batch put into the store and that are still there."""
        self._knowledge.expire()
        batch = self._documents.fetch_batch(_store_id(request), request.path_params["batch_id"])
        query, status = read_page_query(request), _read_filter(request)
        file_ids, has_more = self._documents.fetch_batch_members(batch["id"], query, status)
        entries = (self._documents.store.fetch(ENTRY, file_id, _store_id(request)) for file_id in file_ids)
        return reply(list_envelope([entry for entry in entries if entry is not None], has_more))


def _store_id(request: Request) -> str:
    store_id: str = request.path_params["vector_store_id"]
    return store_id


def _read_filter(request: Request) -> str | None:
    status = request.query_params.get("filter")
    return _STATUS.check(status, "filter") if status else None
