"""A Chat-Completions endpoint (OpenAI, Ollama, vLLM, llama.cpp and others), for the models of the embedded server."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from orchestrator.errors import TargetAccessError, TargetBusyError, TargetError, TargetMissingError
from orchestrator.providers._client import VENDORS, Client
from orchestrator.providers.keys import CommandKey
from orchestrator.server.models.interface import ErrorCode
from orchestrator.server.models.upstream import EndpointError

_KEY = "check its key: `api_key` under `upstream`, or --upstream-key-env"
_MODEL = "does it have this model, and is the address right? it often ends in /v1"
_CODES: Mapping[int, ErrorCode] = {
    429: "rate_limit_exceeded",
    **dict.fromkeys((400, 413, 422), "invalid_prompt"),
}
"""What a run's `last_error` says for an HTTP status; anything else is a `server_error`."""


class RemoteEndpoint:
    """Asks `POST /chat/completions`, and again as others are; an `Endpoint`. Close it at the end."""

    def __init__(self, base_url: str, api_key: str | CommandKey | None = None) -> None:
        """`base_url` has neither a name nor a password in it: it is shown."""
        self._client = Client(base_url, api_key)
        parts = urlsplit(base_url)
        self.name = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        # OpenAI's newer models refuse the old name; Ollama passes the new one over (issue 7125 there)
        vendor = (parts.hostname or "").endswith(VENDORS)
        self.token_limit = "max_completion_tokens" if vendor else "max_tokens"

    async def complete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the whole reply; raises `EndpointError`. A completion changes nothing there, so it may be sent twice."""
        try:
            reply = await self._client.post("/chat/completions", body, once=False)
        except TargetError as error:
            raise self._told(error) from error
        if not reply.get("choices") and (said := reply.get("error")):  # some gateways answer so, with HTTP 200
            raise self._broken(said)
        return reply

    async def fetch_models(self) -> Sequence[str]:
        """Give the names of its models; raises `EndpointError`."""
        try:
            page = await self._client.get("/models")
        except TargetError as error:
            raise self._told(error) from error
        data = page.get("data")
        if not isinstance(data, list):
            raise EndpointError("server_error", "what came back is no list of models")
        return [str(item["id"]) for item in data if isinstance(item, Mapping) and "id" in item]

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()

    def _told(self, error: TargetError) -> EndpointError:
        code = _CODES.get(error.status or 0, "server_error")
        hint = _hint(error)
        return EndpointError(code, f"{error.message}; {hint}" if hint else error.message)

    def _broken(self, said: object) -> EndpointError:
        inner = said if isinstance(said, Mapping) else {"message": said}
        code = inner.get("code")
        message = self._client.without_key(str(inner.get("message") or code or "it gave no reason"))
        return EndpointError(_CODES.get(code, "server_error") if isinstance(code, int) else "server_error", message)


def _hint(error: TargetError) -> str | None:
    """Say what to do, in the words of who runs a local target or `orch serve`."""
    match error:
        case TargetAccessError():
            return _KEY if error.status is not None else error.hint
        case TargetMissingError():
            return _MODEL
        case TargetBusyError(status=None):
            return "is it running, and is the address right?"
        case TargetBusyError():
            return "try again later, or ask less at once with --concurrency"
    if error.status is None:
        return "is this the address of an API for Chat Completions? it often ends in /v1"
    if error.status >= 500:
        return "try again, and look at its log"
    return error.hint
