"""The door to every OpenAI-like API: JSON in, JSON out, errors in our words. The only home of `openai`.

The SDK sends, waits and retries; its response models are not used, because they hide fields they do not know
(API facts 4.1: `reasoning_effort`) and check nothing (facts 7). A request that makes something is sent once: the SDK
would repeat it after a lost reply and no API here promises to notice (facts 7).
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream

from orchestrator.errors import (
    TargetAccessError,
    TargetBusyError,
    TargetError,
    TargetMissingError,
    TargetRejectedError,
    TargetUnknownError,
)
from orchestrator.providers.interface import Requests

PAGE = 100
RETRIES = 2  # the SDK's own number: three attempts at reads, repeatable updates and deletes
BILLING = frozenset(  # API facts 7: a 429 that no waiting mends
    [
        "credit_balance_exhausted",
        "insufficient_quota",
        "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "project_spend_limit_exceeded",
    ]
)
_AGAIN = "run again; it looks before it writes"
_ID = re.compile(r"/(?:[a-z]+_|file-)[A-Za-z0-9_-]{6,}")

Body = Mapping[str, Any]
Query = Mapping[str, Any]
"""Values are text or lists of text."""


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: dict[str, Any]


class Client:
    """A connection to one API, counted. Raises `TargetError` kinds only."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        query: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`transport` replaces the network, for a server in this process."""
        self.requests = Requests()
        self._base = httpx2.URL(base_url)
        self._http = httpx2.AsyncClient(
            transport=transport,
            event_hooks={"request": [self._count]},
            timeout=httpx2.Timeout(600.0, connect=5.0),  # the SDK's own (API facts 7)
            limits=httpx2.Limits(max_connections=256, max_keepalive_connections=64),
        )
        self._openai = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",  # servers without a key ignore it; the SDK insists on one
            default_query=dict(query or {}),
            default_headers=dict(headers or {}),
            max_retries=RETRIES,
            http_client=self._http,
        )

    async def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """Read one object."""
        with self._door(writes=False):
            response = await self._openai.get(path, cast_to=httpx2.Response, options={"params": dict(query or {})})
            return _mapping(response)

    async def post(self, path: str, body: Body, *, once: bool, query: Query | None = None) -> dict[str, Any]:
        """Send a body; `once` where repeating it would do a thing twice."""
        with self._door(writes=True):
            response = await self._openai.post(
                path,
                cast_to=httpx2.Response,
                body=dict(body),
                options={"max_retries": 0 if once else RETRIES, "params": dict(query or {})},
            )
            return _mapping(response)

    async def delete(self, path: str) -> None:
        """Delete an object; one that is gone already is done."""
        with self._door(writes=True):
            try:
                await self._openai.delete(path, cast_to=httpx2.Response)
            except openai.NotFoundError:
                return

    async def upload(self, path: str, fields: Mapping[str, str], file: Path) -> dict[str, Any]:
        """Send a file as a form, read from disk as it goes; sent once."""
        with self._door(writes=True), file.open("rb") as content:
            response = await self._openai.post(
                path,
                cast_to=httpx2.Response,
                body=dict(fields),
                files={"file": (file.name, content)},
                options={"max_retries": 0, "headers": {"Content-Type": "multipart/form-data"}},
            )
            return _mapping(response)

    async def list_all(self, path: str, query: Query | None = None) -> list[dict[str, Any]]:
        """Read all pages, oldest first; a page that is not one is an error, never an end."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(path, {"limit": str(PAGE), "order": "asc", **(query or {}), **after})
            items = page.get("data")
            if not isinstance(items, list) or not isinstance(page.get("has_more"), bool):
                raise TargetRejectedError(f"GET {path} gave no page of a list", "check the target's base_url")
            found += items
            if not page["has_more"]:
                return found
            if not items or {"after": items[-1]["id"]} == after:
                raise TargetRejectedError(f"GET {path} says there is more and gives nothing more", "try again")
            after = {"after": items[-1]["id"]}

    async def stream(self, path: str, body: Body, query: Query | None = None) -> AsyncIterator[Event]:
        """Send a body once and give the events that come back."""
        with self._door(writes=True):
            stream = await self._openai.post(
                path,
                cast_to=object,
                body={**body, "stream": True},
                options={"max_retries": 0, "params": dict(query or {})},
                stream=True,
                stream_cls=AsyncStream[object],
            )
            async with stream:
                async for item in stream:
                    if isinstance(item, dict) and isinstance(item.get("event"), str):
                        yield Event(item["event"], item["data"])

    async def close(self) -> None:
        """Give back the connections."""
        await self._openai.close()

    async def _count(self, request: httpx2.Request) -> None:
        path = request.url.path.removeprefix(self._base.path.rstrip("/"))
        self.requests.add(f"{request.method} {_ID.sub('/{id}', path)}")

    @contextmanager
    def _door(self, writes: bool) -> Iterator[None]:
        """Turn what the SDK raises into our own errors."""
        try:
            yield
        except openai.APIConnectionError as error:
            raise _unreached(error, self._base, writes) from error
        except openai.APIStatusError as error:
            raise _refused(error, writes) from error
        except openai.APIError as error:  # an `error` event within a stream
            raise TargetUnknownError(f"the target broke off: {error.message}", "try again") from error
        except httpx2.TransportError as error:  # while a stream is read
            raise TargetUnknownError(f"the connection to {self._base.host} was lost: {error}", "try again") from error


def _mapping(response: httpx2.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = (
            f"{response.request.method} {response.request.url.path} was answered with something that is no JSON object"
        )
        raise TargetUnknownError(message, "check the target's base_url")
    return value


def _unreached(error: openai.APIConnectionError, base: httpx2.URL, writes: bool) -> TargetError:
    cause = error.__cause__
    where = f"{base.host}:{base.port}" if base.port else base.host
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) or not writes:
        return TargetBusyError(f"cannot reach {where}: {cause or error}", "is it running, and is base_url right?")
    return TargetUnknownError(
        f"the reply of {where} was lost: {cause or error}", "run again; it looks before it writes"
    )


def _refused(error: openai.APIStatusError, writes: bool) -> TargetError:
    status, code = error.status_code, str(error.code or "")
    body = error.body if isinstance(error.body, dict) else {}
    said = str(body.get("message") or error.message)
    message = f"{said} (HTTP {status})"
    if status in (401, 403):
        return TargetAccessError(message, "check the target's api_key and its rights")
    if status == 404:
        return TargetMissingError(message, "check the target's base_url, or plan again")
    if status == 429 and (code in BILLING or str(body.get("type")) in BILLING):
        return TargetRejectedError(message, "waiting does not mend this: see to the account's credit or limits")
    if status in (408, 429, 503) or (status >= 500 and not writes):
        return TargetBusyError(message, "try again later, or with a smaller --concurrency")
    if status >= 500:
        return TargetUnknownError(message, _AGAIN)
    return TargetRejectedError(message, None)
