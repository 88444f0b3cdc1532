"""What all routes of the Agents API share: the beta header, and codes of errors that are its own (API facts 1.7)."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.routes.http import Endpoint
from orchestrator.server.store import UnknownCursorError
from orchestrator.server.wire import WireError, unknown_cursor

BETA = "agents=v1"
_OWN = frozenset({"invalid_beta", "agent_not_persisted"})
_CODES = {400: "invalid_request_error", 404: "not_found_error", 409: "conflict_error"}


def guarded(method: str, path: str, handler: Callable[[Request], Awaitable[Response]]) -> Endpoint:
    """Make an endpoint of the Agents API."""

    async def behind_the_door(request: Request) -> Response:
        try:
            _check_beta(request)
            return await handler(request)
        except UnknownCursorError as error:
            raise _coded(unknown_cursor(error)) from error
        except WireError as error:
            raise _coded(error) from error

    return Endpoint(method, path, behind_the_door)


def _check_beta(request: Request) -> None:
    """Raise WireError 400 unless the request asks for this version of the API; it may ask for others beside it."""
    given = request.headers.get("openai-beta", "")
    if BETA not in [word.strip() for word in given.split(",")]:
        said = (
            f"The value '{given}' of the header 'OpenAI-Beta' is not supported" if given else "You must say which API"
        )
        raise WireError(400, f"{said}: send 'OpenAI-Beta: {BETA}'.", code="invalid_beta")


def _coded(error: WireError) -> WireError:
    """Give the error with the code that the Agents API has for its status."""
    code = error.code if error.code in _OWN else _CODES.get(error.status, error.code)
    return WireError(error.status, error.message, type=error.type, code=code, param=error.param)
