"""`/files`: uploads, their objects and, where the API allows it, their contents."""

from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from orchestrator.server.knowledge.files import KIND, MAX_FILE_BYTES
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.routes.http import reply
from orchestrator.server.shapes import Choice
from orchestrator.server.wire import WireError, check_range, deleted, invalid, list_query, page_envelope

_PURPOSES = Choice(("assistants", "batch", "fine-tune", "vision", "user_data", "evals"))
_NOT_DOWNLOADED = ("assistants", "user_data")
_MOST_LISTED = 10_000
_FORM_ROOM = 64 * 1024  # what a multipart body adds to its file
_FIELDS = ("file", "purpose", "expires_after[anchor]", "expires_after[seconds]")


class FileRoutes:
    """The routes of the Files API over one `Knowledge`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._files = knowledge.files

    def routes(self) -> list[Route]:
        """The routes, below `/v1`."""
        return [
            Route("/files", self.upload, methods=["POST"]),
            Route("/files", self.list, methods=["GET"]),
            Route("/files/{file_id}", self.retrieve, methods=["GET"]),
            Route("/files/{file_id}", self.delete, methods=["DELETE"]),
            Route("/files/{file_id}/content", self.content, methods=["GET"]),
        ]

    async def upload(self, request: Request) -> Response:
        """Store a file; the form parser spools it to disk, so it is never in memory whole."""
        if int(request.headers.get("content-length") or 0) > MAX_FILE_BYTES + _FORM_ROOM:
            raise _too_large()
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise invalid("Invalid request: expected the content type 'multipart/form-data'.")
        try:
            form = await request.form(max_files=1, max_fields=len(_FIELDS))
        except HTTPException as error:
            raise invalid(f"We could not parse the multipart form of your request: {error.detail}") from error
        try:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise _missing("file")
            purpose, seconds = _read_fields(form)
            if (file.size or 0) > MAX_FILE_BYTES:
                raise _too_large()
            body = await self._files.upload(file.filename or "", file.file, purpose, seconds)
        finally:
            await form.close()
        return reply(body)

    async def list(self, request: Request) -> Response:
        """One page of files, of one purpose if asked."""
        self._knowledge.expire()
        query = list_query(request.query_params, most=_MOST_LISTED, default=_MOST_LISTED)
        purpose = request.query_params.get("purpose")
        match = {"purpose": purpose} if purpose else None
        page = self._knowledge.documents.store.fetch_page(KIND, "", query, match)
        return reply(page_envelope(page))

    async def retrieve(self, request: Request) -> Response:
        """One file object."""
        return reply(self._files.fetch(request.path_params["file_id"]))

    async def delete(self, request: Request) -> Response:
        """Delete a file, here and in every vector store."""
        self._knowledge.expire()
        file_id = request.path_params["file_id"]
        self._knowledge.remove_file(file_id)
        return reply(deleted(file_id, "file"))

    async def content(self, request: Request) -> Response:
        """The bytes of a file, in pieces; what was uploaded for assistants is not given out, as in the hosted API."""
        file = self._files.fetch(request.path_params["file_id"])
        if file["purpose"] in _NOT_DOWNLOADED:
            raise invalid(f"Not allowed to download files of purpose: {file['purpose']}")
        headers = {
            "content-length": str(file["bytes"]),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(file['filename'], safe='')}",
        }
        return StreamingResponse(self._files.read(file["id"]), media_type="application/octet-stream", headers=headers)


def _read_fields(form: FormData) -> tuple[str, int | None]:
    """The purpose, and after how many seconds the file expires."""
    for name in form:
        if name not in _FIELDS:
            raise invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if "purpose" not in form:
        raise _missing("purpose")
    purpose = _PURPOSES.check(form["purpose"], "purpose")
    anchor, seconds = (form.get(f"expires_after[{name}]") for name in ("anchor", "seconds"))
    if anchor is None and seconds is None:
        return purpose, None
    if anchor is None:
        raise _missing("expires_after[anchor]")
    Choice(("created_at",)).check(anchor, "expires_after[anchor]")
    if not isinstance(seconds, str) or not seconds.isdecimal() or len(seconds) > 9:
        raise invalid(
            "Invalid type for 'expires_after[seconds]': expected an integer.",
            param="expires_after[seconds]",
            code="invalid_type",
        )
    check_range("expires_after[seconds]", int(seconds), low=3_600, high=2_592_000, noun="integer")
    return purpose, int(seconds)


def _missing(param: str) -> WireError:
    return invalid(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def _too_large() -> WireError:
    limit = MAX_FILE_BYTES // 1024**2
    return WireError(413, f"File is too large. The maximum size is {limit} MB.", param="file", code="file_too_large")
