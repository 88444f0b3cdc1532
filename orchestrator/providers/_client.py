"""The door to every OpenAI-like API: JSON in, JSON out, errors in our words. The only home of `openai`.

The SDK sends, waits and retries; its response models are not used, because they hide fields they do not know
(API facts 4.1: `reasoning_effort`) and check nothing (facts 7). A request that makes something is sent once: the SDK
would repeat it after a lost reply and no API here promises to notice (facts 7).
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.providers._errors import AGAIN, broken_off, refused, unreached
from orchestrator.providers.interface import Requests

PAGE = 100
RETRIES = 2  # the SDK's own number: three attempts at reads, repeatable updates and deletes
_ID = re.compile(r"(?<=/)[^/]*[^a-z_/][^/]*")  # words of a path are plain; an id has a digit, a capital or a dash

Json = Mapping[str, Any]
Query = Mapping[str, Any]
"""Values are text or lists of text."""


class JsonObject(dict[str, Any]):
    """What a request was answered with."""

    poll_after: float | None = None
    """Seconds the target asks to wait before the next look, where it says so (`openai-poll-after-ms`)."""


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
        self._secret = api_key
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

    async def get(self, path: str, query: Query | None = None) -> JsonObject:
        """Read one object."""
        with self._door(writes=False):
            response = await self._openai.get(path, cast_to=httpx2.Response, options={"params": dict(query or {})})
            return _parse(response)

    async def post(self, path: str, body: Json, *, once: bool, query: Query | None = None) -> JsonObject:
        """Send a body; `once` where repeating it would do a thing twice."""
        with self._door(writes=True):
            response = await self._openai.post(
                path,
                cast_to=httpx2.Response,
                body=dict(body),
                options={"max_retries": 0 if once else RETRIES, "params": dict(query or {})},
            )
            return _parse(response)

    async def delete(self, path: str) -> None:
        """Delete an object; one that is gone already is done."""
        with self._door(writes=True):
            try:
                await self._openai.delete(path, cast_to=httpx2.Response)
            except openai.NotFoundError:
                return

    async def upload(self, path: str, fields: Mapping[str, str], file: Path) -> JsonObject:
        """Send a file as a form, read from disk as it goes; sent once."""
        with self._door(writes=True), _opened(file) as content:
            response = await self._openai.post(
                path,
                cast_to=httpx2.Response,
                body=dict(fields),
                files={"file": (file.name, content)},
                options={"max_retries": 0, "headers": {"Content-Type": "multipart/form-data"}},
            )
            return _parse(response)

    async def list_all(self, path: str, query: Query | None = None) -> list[dict[str, Any]]:
        """Read all pages, oldest first; a page that is not one is an error, never an end."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(path, {"limit": str(PAGE), "order": "asc", **(query or {}), **after})
            items = page.get("data")
            if (
                not isinstance(items, list)
                or not all(map(_has_id, items))
                or not isinstance(page.get("has_more"), bool)
            ):
                raise TargetRejectedError(f"GET {path} gave no page of a list", "check the target's base_url")
            found += items
            if not page["has_more"]:
                return found
            if not items or {"after": items[-1]["id"]} == after:
                raise TargetRejectedError(f"GET {path} says there is more and gives nothing more", "try again")
            after = {"after": items[-1]["id"]}

    async def stream(self, path: str, body: Json, query: Query | None = None) -> AsyncIterator[Event]:
        """Send a body once and give the events that come back; an `error` event is raised."""
        with self._door(writes=True):
            stream = await self._openai.post(
                path,
                cast_to=object,
                body={**body, "stream": True},
                options={
                    "max_retries": 0,
                    "stream_mode": "events",  # else the SDK drops the names of events that are not a thread's
                    "synthesize_event_and_data": True,
                    "params": dict(query or {}),
                },
                stream=True,
                stream_cls=AsyncStream[object],
            )
            async with stream:
                async for item in stream:
                    event = _event(item)
                    if event.name == "error":
                        raise self._cleaned(broken_off(event.data))
                    yield event

    async def close(self) -> None:
        """Give back the connections."""
        await self._openai.close()

    async def _count(self, request: httpx2.Request) -> None:
        path = request.url.path.removeprefix(self._base.path.rstrip("/"))
        self.requests.add(f"{request.method} {_ID.sub('{id}', path)}")

    @contextmanager
    def _door(self, writes: bool) -> Iterator[None]:
        """Turn what the SDK and its transport raise into our own errors, without the key."""
        try:
            yield
        except openai.APIConnectionError as error:
            raise self._cleaned(unreached(error.__cause__ or error, self._base, writes)) from error
        except openai.APIStatusError as error:
            raise self._cleaned(refused(error.status_code, error.body, writes)) from error
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:  # an answer or an event that is broken
            broken = TargetUnknownError(f"{self._base.host} answered with something broken: {error}", AGAIN)
            raise self._cleaned(broken) from error

    def _cleaned(self, error: TargetError) -> TargetError:
        """Take the key out of an error: a server may repeat it in what it says."""
        if not self._secret or self._secret not in error.message:
            return error
        return type(error)(error.message.replace(self._secret, "***"), error.hint)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        content = file.open("rb")
    except OSError as error:
        raise TargetRejectedError(
            f"cannot read {file}: {error.strerror}", "put the file back, or plan again"
        ) from error
    with content:
        yield content


def _parse(response: httpx2.Response) -> JsonObject:
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        asked = f"{response.request.method} {response.request.url.path}"
        raise TargetUnknownError(f"{asked} was answered with no JSON object", "check the target's base_url")
    answer, wait = JsonObject(value), response.headers.get("openai-poll-after-ms", "")
    answer.poll_after = int(wait) / 1000 if wait.isdecimal() else None
    return answer


def _has_id(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _event(item: object) -> Event:
    match item:
        case {"event": str(name), "data": dict(data)}:
            return Event(name, data)
        case _:
            raise ValueError("an event that is no JSON object with a name")
