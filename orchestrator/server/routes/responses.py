"""`/responses` (API facts 3.2)."""

import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.server.responses.bodies import CREATE_RESPONSE, INCLUDES
from orchestrator.server.routes.http import Endpoint, read_body, read_include, read_page_query, reply, services
from orchestrator.server.shapes import Choice, wrong_type
from orchestrator.server.wire import deleted, invalid, page_envelope, page_of


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
    if id is None:
        response, stream = server.responses.create(values, None)
    else:
        response, stream = server.conversations.respond(id, values)
    if values["stream"]:
        return _streamed(server.responses.events(response, stream, values["include"]))
    if values["background"]:
        return reply(server.responses.view(response, values["include"]))
    return reply(await server.responses.ended(response, stream, values["include"]))


def _streamed(events: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def get(request: Request) -> Response:
    """GET /responses/{response_id}: with `stream` its events, those after `starting_after` where that is given."""
    responses, include = services(request).responses, read_include(request, INCLUDES)
    response = responses.must_fetch(request.path_params["response_id"])
    after = _number(request, "starting_after", -1)
    if Choice(("true", "false")).check(request.query_params.get("stream", "false"), "stream") == "true":
        return _streamed(responses.replay(response, include, after))
    return reply(responses.view(response, include))


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise wrong_type(name, "an integer", text)
    return int(text)


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
    read_include(request, INCLUDES)  # what was given is told whole
    items = responses.inputs(responses.must_fetch(request.path_params["response_id"]))
    return reply(page_envelope(page_of(items, read_page_query(request))))


_ONE = "/responses/{response_id}"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/responses", create),
    Endpoint("GET", _ONE, get),
    Endpoint("DELETE", _ONE, delete),
    Endpoint("POST", f"{_ONE}/cancel", cancel),
    Endpoint("GET", f"{_ONE}/input_items", input_items),
)
