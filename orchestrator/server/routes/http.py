"""What every route is made of: the services it may use, its body and query, its reply."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.agents.sessions import Sessions
from orchestrator.server.models.interface import Model
from orchestrator.server.responses.conversations import Conversations
from orchestrator.server.responses.responses import Responses
from orchestrator.server.runs.engine import Engine
from orchestrator.server.runs.toolwork import Toolbox
from orchestrator.server.shapes import Choice, Object
from orchestrator.server.store import Body, PageQuery, Store
from orchestrator.server.wire import list_query, missing_object, parse_json


class Endpoint(NamedTuple):
    """One method of one path; `path` is as in the OpenAPI file, without `/v1`."""

    method: str
    path: str
    handler: Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    store: Store
    engine: Engine
    sessions: Sessions
    responses: Responses
    conversations: Conversations
    tools: Toolbox
    models: Sequence[Model]
    poll_after_ms: int


def services(request: Request) -> Services:
    """Get the server's services."""
    return cast(Services, request.app.state.services)


async def read_body(request: Request, shape: Object) -> dict[str, Any]:
    """Read and check a JSON body; raises WireError."""
    return shape.check(parse_json(await request.body()), "")


def read_page_query(request: Request) -> PageQuery:
    """Read the list parameters of a request; raises WireError."""
    return list_query(request.query_params)


def read_include(request: Request, known: Sequence[str]) -> frozenset[str]:
    """Read what is to be told besides, `include` or `include[]`; raises WireError 400 for what is not `known`."""
    wanted = [*request.query_params.getlist("include[]"), *request.query_params.getlist("include")]
    return frozenset(Choice(tuple(known)).check(value, "include") for value in wanted)


def reply(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Send one object."""
    return Response(json.dumps(body), media_type="application/json", headers=headers)


def must_fetch(store: Store, kind: str, id: str, parent: str = "", *, what: str | None = None) -> Body:
    """Read an object; raises WireError 404. `what` is its plain name if that is not the kind."""
    body = store.fetch(kind, id, parent)
    if body is None:
        raise missing_object(what or kind, id)
    return body


def must_change(store: Store, kind: str, id: str, edit: Callable[[Body], Body], parent: str = "") -> Body:
    """Edit an object; raises WireError 404."""
    body = store.change(kind, id, edit, parent)
    if body is None:
        raise missing_object(kind, id)
    return body


def with_metadata(values: Mapping[str, Any]) -> Callable[[Body], Body]:
    """Give the edit of an update that may only set metadata: a given map replaces the whole one, null empties it."""

    def edit(body: Body) -> Body:
        return {**body, "metadata": values["metadata"] or {}} if "metadata" in values else body

    return edit
