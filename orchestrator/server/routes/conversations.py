"""`/conversations` and their items (API facts 3.2)."""

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.responses.bodies import ADD_ITEMS, CREATE_CONVERSATION, INCLUDES, UPDATE_CONVERSATION
from orchestrator.server.routes.http import Endpoint, read_body, read_include, read_page_query, reply, services
from orchestrator.server.wire import deleted, list_envelope, page_envelope


async def create(request: Request) -> Response:
    """POST /conversations."""
    return reply(services(request).conversations.create(await read_body(request, CREATE_CONVERSATION)))


async def get(request: Request) -> Response:
    """GET /conversations/{conversation_id}."""
    return reply(services(request).conversations.must_fetch(request.path_params["conversation_id"]))


async def update(request: Request) -> Response:
    """POST /conversations/{conversation_id}: metadata is all that can change."""
    values = await read_body(request, UPDATE_CONVERSATION)
    return reply(services(request).conversations.update(request.path_params["conversation_id"], values))


async def delete(request: Request) -> Response:
    """DELETE /conversations/{conversation_id}."""
    id = request.path_params["conversation_id"]
    services(request).conversations.delete(id)
    return reply(deleted(id, "conversation.deleted"))


async def add_items(request: Request) -> Response:
    """POST /conversations/{conversation_id}/items."""
    values = await read_body(request, ADD_ITEMS)
    made = services(request).conversations.add(request.path_params["conversation_id"], values["items"])
    return reply(list_envelope(made, has_more=False))


async def list_items(request: Request) -> Response:
    """GET /conversations/{conversation_id}/items."""
    query, include = read_page_query(request), read_include(request, INCLUDES)
    page = services(request).conversations.page(request.path_params["conversation_id"], query, include)
    return reply(page_envelope(page))


async def get_item(request: Request) -> Response:
    """GET /conversations/{conversation_id}/items/{item_id}."""
    given, include = request.path_params, read_include(request, INCLUDES)
    return reply(services(request).conversations.must_fetch_item(given["conversation_id"], given["item_id"], include))


async def delete_item(request: Request) -> Response:
    """DELETE /conversations/{conversation_id}/items/{item_id}: gives the conversation."""
    given = request.path_params
    return reply(services(request).conversations.delete_item(given["conversation_id"], given["item_id"]))


_ONE = "/conversations/{conversation_id}"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/conversations", create),
    Endpoint("GET", _ONE, get),
    Endpoint("POST", _ONE, update),
    Endpoint("DELETE", _ONE, delete),
    Endpoint("POST", f"{_ONE}/items", add_items),
    Endpoint("GET", f"{_ONE}/items", list_items),
    Endpoint("GET", f"{_ONE}/items/{{item_id}}", get_item),
    Endpoint("DELETE", f"{_ONE}/items/{{item_id}}", delete_item),
)
