"""`/threads/{thread_id}/runs/{run_id}/steps`."""

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.objects import visible_step
from orchestrator.server.routes.http import Endpoint, must_fetch, read_page_query, reply, services
from orchestrator.server.shapes import Choice
from orchestrator.server.wire import list_envelope

_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


def _with_content(request: Request) -> bool:
    """Read `include[]`; the texts that a search found are its only value. Raises WireError."""
    wanted = [*request.query_params.getlist("include[]"), *request.query_params.getlist("include")]
    for value in wanted:
        Choice((_CONTENT,)).check(value, "include[]")
    return bool(wanted)


def _check_run(request: Request) -> str:
    thread_id, run_id = request.path_params["thread_id"], request.path_params["run_id"]
    must_fetch(services(request).store, "thread", thread_id)
    must_fetch(services(request).store, "run", run_id, thread_id)
    return str(run_id)


async def list_all(request: Request) -> Response:
    """GET /threads/{thread_id}/runs/{run_id}/steps."""
    with_content, run_id = _with_content(request), _check_run(request)
    page = services(request).store.fetch_page("step", run_id, read_page_query(request))
    return reply(list_envelope([visible_step(step, with_content=with_content) for step in page.items], page.has_more))


async def get(request: Request) -> Response:
    """GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}."""
    with_content, run_id = _with_content(request), _check_run(request)
    step = must_fetch(services(request).store, "step", request.path_params["step_id"], run_id, what="run step")
    return reply(visible_step(step, with_content=with_content))


ENDPOINTS = (
    Endpoint("GET", "/threads/{thread_id}/runs/{run_id}/steps", list_all),
    Endpoint("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", get),
)
