"""`/responses` (API facts 3.2)."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.server.responses.bodies import CREATE_RESPONSE
from orchestrator.server.routes.http import Endpoint, read_body, read_page_query, reply, services
from orchestrator.server.store import Page, PageQuery, UnknownCursorError
from orchestrator.server.wire import deleted, invalid, page_envelope


async def create(request: Request) -> Response:
    """POST /responses: waits for the end unless it is streamed or worked on in the background."""
    server, values = services(request), await read_body(request, CREATE_RESPONSE)
    conversation = values["conversation"]
    if conversation is not None and values["previous_response_id"] is not None:
        message = (
            "Mutually exclusive parameters: 'conversation' and 'previous_response_id'. "
            "Ensure you are only providing one of them."
        )
        raise invalid(message, code="mutually_exclusive_parameters")
    if values["background"] and not values["store"]:
        raise invalid("Background responses require 'store' to be true.", param="background")
    id = conversation["id"] if isinstance(conversation, dict) else conversation
    if id is not None:
        server.conversations.must_fetch(id)
    with server.store.transaction():
        response, stream = server.responses.create(values, id)
        if id is not None:
            server.conversations.note(id, response)
    if values["stream"]:
        headers = {"cache-control": "no-cache"}
        events = server.responses.events(response, stream)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    if values["background"]:
        return reply(server.responses.view(response))
    return reply(await server.responses.ended(response, stream))


async def get(request: Request) -> Response:
    """GET /responses/{response_id}."""
    responses = services(request).responses
    return reply(responses.view(responses.must_fetch(request.path_params["response_id"])))


async def cancel(request: Request) -> Response:
    """POST /responses/{response_id}/cancel."""
    return reply(services(request).responses.cancel(request.path_params["response_id"]))


async def delete(request: Request) -> Response:
    """DELETE /responses/{response_id}."""
    id = request.path_params["response_id"]
    services(request).responses.delete(id)
    return reply(deleted(id, "response"))


async def input_items(request: Request) -> Response:
    """GET /responses/{response_id}/input_items."""
    responses = services(request).responses
    items = responses.inputs(responses.must_fetch(request.path_params["response_id"]))
    return reply(page_envelope(cut(items, read_page_query(request))))


def cut(items: list[dict[str, object]], query: PageQuery) -> Page:
    """Give the part of a list that is asked for; raises UnknownCursorError."""
    ordered = items if query.order == "asc" else items[::-1]
    if query.after is not None:
        places = [place for place, item in enumerate(ordered) if item["id"] == query.after]
        if not places:
            raise UnknownCursorError("after", query.after)
        ordered = ordered[places[0] + 1 :]
    return Page(ordered[: query.limit], len(ordered) > query.limit)


_ONE = "/responses/{response_id}"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/responses", create),
    Endpoint("GET", _ONE, get),
    Endpoint("DELETE", _ONE, delete),
    Endpoint("POST", f"{_ONE}/cancel", cancel),
    Endpoint("GET", f"{_ONE}/input_items", input_items),
)
