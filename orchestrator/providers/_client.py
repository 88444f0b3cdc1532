"""The door to every OpenAI-like API: JSON in, JSON out, errors in our words. The only home of `openai`.

The SDK sends; its response models are not used, because they hide fields they do not know (API facts 4.1:
`reasoning_effort`) and check nothing (facts 7). When a request is sent, and whether once more, is decided here for all
who ask (`_limits`, `_retry`): the SDK would repeat a create after a lost reply, and would let every worker run into the
same limit by itself.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream

from orchestrator.errors import TargetError, TargetRejectedError, TargetUnknownError
from orchestrator.providers._errors import AGAIN, broken_off, is_billing, never_sent, refused, unreached
from orchestrator.providers._events import Event, everything, read_events
from orchestrator.providers._limits import Limiter, Pace, RealPace, pause_of, shape
from orchestrator.providers._retry import Failure, wait_before_next, wait_of
from orchestrator.providers.contents import Content
from orchestrator.providers.interface import Requests
from orchestrator.providers.keys import CommandKey

T = TypeVar("T")
PAGE = 100
OPENAI = ".openai.com"
VENDORS = (OPENAI, ".azure.com")
"""Whose limits are known; anybody else's are found out."""
TIMEOUT, CONNECT = 600.0, 5.0
"""Seconds; the SDK's own (API facts 7)."""

_BROKEN = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, ValueError)
_UNSAID: dict[str, Any] = dict.fromkeys(
    [
        *("X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-OS", "X-Stainless-Arch"),
        *("X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Async"),
        *("x-stainless-retry-count", "x-stainless-read-timeout"),
    ],
    openai.Omit(),
)
"""What the SDK tells of the machine it runs on with every request; nobody asked for it, and it takes time to build."""

Json = Mapping[str, Any]
Query = Mapping[str, Any]
"""Values are text or lists of text."""


class JsonObject(dict[str, Any]):
    """What a request was answered with."""

    poll_after: float | None = None
    """Seconds the target asks to wait before the next look, where it says so (`openai-poll-after-ms`)."""


class Client:
    """A connection to one API, counted. Raises `TargetError` kinds only."""

    def __init__(
        self,
        base_url: str,
        api_key: str | CommandKey | None,
        query: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
        betas: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        pace: Pace | None = None,
    ) -> None:
        """`transport` replaces the network, for a server in this process; `timeout` is in seconds without a word.

        `betas` gives the value of `OpenAI-Beta` by the beginning of a path.
        """
        self.requests = Requests()
        self._betas = betas or {}
        self._base = httpx2.URL(base_url)
        self._key = api_key
        self._http = httpx2.AsyncClient(
            transport=transport,
            event_hooks={"request": [self._count]},
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT)),
            limits=httpx2.Limits(max_connections=256, max_keepalive_connections=64),
            verify=self._base.scheme == "https",  # without TLS there is nothing to verify, and certificates take 20 ms
        )
        self._openai = AsyncOpenAI(
            base_url=base_url,
            # servers without a key ignore it; the SDK insists on one, and asks a function before each request
            api_key=api_key.get if isinstance(api_key, CommandKey) else api_key or "none",
            default_query=dict(query or {}),
            default_headers=dict(headers or {}),
            max_retries=0,
            http_client=self._http,
        )
        if not self._base.host.endswith(OPENAI):  # the environment's, which the SDK reads, are OpenAI's matter alone
            self._openai.organization = self._openai.project = None
        self._pace = pace or RealPace()
        self._limiter = Limiter(self._pace, known=self._base.host.endswith(VENDORS))

    async def get(self, path: str, query: Query | None = None) -> JsonObject:
        """Read one object."""

        async def send() -> httpx2.Response:
            return await self._openai.get(path, cast_to=httpx2.Response, options=self._options(path, query))

        with self._door(writes=False):
            return _parse(await self._patiently("GET", path, send, once=False))

    async def post(
        self, path: str, body: Json, *, once: bool, query: Query | None = None, key: str | None = None
    ) -> JsonObject:
        """Send a body; `once` where repeating it would do a thing twice.

        With `key` the API does it once however often it is sent, where it takes such keys.
        """

        async def send() -> httpx2.Response:
            options = self._options(path, query, key)
            return await self._openai.post(path, cast_to=httpx2.Response, body=dict(body), options=options)

        with self._door(writes=True):
            return _parse(await self._patiently("POST", path, send, once=once))

    async def delete(self, path: str) -> None:
        """Delete an object; one that is gone already is done."""

        async def send() -> httpx2.Response:
            return await self._openai.delete(path, cast_to=httpx2.Response, options=self._options(path))

        with self._door(writes=True):
            try:
                await self._patiently("DELETE", path, send, once=False)
            except openai.NotFoundError:
                return

    async def upload(self, path: str, fields: Mapping[str, str], file: Path | Content) -> JsonObject:
        """Send a file as a form, read from disk as it goes; sent once."""

        async def send() -> httpx2.Response:
            with _opened(file) as content:
                return await self._openai.post(
                    path,
                    cast_to=httpx2.Response,
                    body=dict(fields),
                    files={"file": (file.name, content)},
                    options={"headers": {**_UNSAID, **self._beta(path), "Content-Type": "multipart/form-data"}},
                )

        with self._door(writes=True):
            return _parse(await self._patiently("POST", path, send, once=True))

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
                raise TargetRejectedError(f"GET {path} did not return a page of a list", "check the target's base_url")
            found += items
            if not page["has_more"]:
                return found
            if not items or {"after": items[-1]["id"]} == after:
                raise TargetRejectedError(f"GET {path} says there is more but returns no more", "try again")
            after = {"after": items[-1]["id"]}

    async def stream(
        self, path: str, body: Json, query: Query | None = None, wanted: Callable[[str], bool] = everything
    ) -> AsyncIterator[Event]:
        """Send a body once and give the events of these names that come back; an `error` event is raised."""
        opened = await self.listen("POST", path, body, query, lambda name: wanted(name) or name == "error")
        async with aclosing(opened) as events:
            async for event in events:
                if event.name == "error":
                    raise self._cleaned(broken_off(event.data))
                yield event

    async def listen(
        self,
        method: Literal["GET", "POST"],
        path: str,
        body: Json | None = None,
        query: Query | None = None,
        wanted: Callable[[str], bool] = everything,
    ) -> AsyncGenerator[Event]:
        """Open a stream, sending a body once; when this returns, nothing that happens from now on is missed.

        Gives its events until it ends; `error` events are among them.
        """
        options = self._options(path, query)

        async def send() -> AsyncStream[object]:
            more: Any = {"stream": True, "stream_cls": AsyncStream[object], "options": options}
            if method == "GET":
                more["options"] = {**options, "headers": {**options["headers"], "Accept": "text/event-stream"}}
                answered: AsyncStream[object] = await self._openai.get(path, cast_to=object, **more)
                return answered
            return await self._openai.post(path, cast_to=object, body={**(body or {}), "stream": True}, **more)

        with self._door(writes=method == "POST"):
            stream = await self._patiently(method, path, send, once=method == "POST")
        return self._events(stream.response, wanted)

    async def _events(self, response: httpx2.Response, wanted: Callable[[str], bool]) -> AsyncGenerator[Event]:
        with self._door(writes=True):
            try:
                async for event in read_events(response.aiter_bytes(), wanted):
                    yield event
            finally:
                await response.aclose()

    async def pause(self, seconds: float) -> None:
        """Wait before asking again."""
        await self._pace.sleep(seconds)

    async def close(self) -> None:
        """Give back the connections."""
        await self._openai.close()

    def _beta(self, path: str) -> dict[str, str]:
        asked = next((value for beginning, value in self._betas.items() if path.startswith(beginning)), None)
        return {"OpenAI-Beta": asked} if asked is not None else {}

    def _options(self, path: str, query: Query | None = None, key: str | None = None) -> Any:
        headers = _UNSAID | self._beta(path) | ({"Idempotency-Key": key} if key is not None else {})
        return {"params": dict(query or {}), "headers": headers}

    async def _patiently(self, method: str, path: str, send: Callable[[], Awaitable[T]], once: bool) -> T:
        """Send when it may be sent, and again where that is right; raises what the SDK raises."""
        bucket, renewed = self._limiter.bucket(method, path), False
        for attempt in count(1):
            await bucket.take()
            key = await self._key.get() if isinstance(self._key, CommandKey) else None
            try:
                answer = await send()
            except openai.AuthenticationError:  # nothing was done, and the key may only have expired
                if not isinstance(self._key, CommandKey) or key is None or renewed or not await self._key.renew(key):
                    raise
                renewed = True
            except openai.APIError as error:
                failure = _failure(error)
                asked = wait_of(failure.headers, self._pace.now())
                wait = wait_before_next(failure, attempt, once, asked, self._pace.chance())
                if failure.limited and wait is not None:
                    bucket.slow_down(wait)  # which everybody waits for, this request too
                elif wait is not None:
                    await self._pace.sleep(wait)
                else:
                    error.add_note(_outcome(attempt, asked))
                    raise
            else:
                bucket.went_well()
                if isinstance(answer, httpx2.Response) and (pause := pause_of(answer.headers)):
                    bucket.pause(pause)
                return answer
        raise AssertionError("counting does not end")

    async def _count(self, request: httpx2.Request) -> None:
        path = request.url.path.removeprefix(self._base.path.rstrip("/"))
        self.requests.add(f"{request.method} {shape(path)}")

    @contextmanager
    def _door(self, writes: bool) -> Iterator[None]:
        """Turn what the SDK and its transport raise into our own errors, without the key."""
        try:
            yield
        except openai.APIConnectionError as error:
            raise self._cleaned(unreached(error.__cause__ or error, self._base, writes), error) from error
        except openai.APIStatusError as error:
            raise self._cleaned(refused(error.status_code, error.body, writes), error) from error
        except _BROKEN as error:  # an answer or an event that is broken
            broken = TargetUnknownError(f"{self._base.host} answered with something broken: {error}", AGAIN)
            raise self._cleaned(broken) from error

    def _cleaned(self, error: TargetError, cause: BaseException | None = None) -> TargetError:
        """Take the key out of an error: a server may repeat it in what it says; add what was noted on its cause."""
        cleaned = type(error)(self.without_key(error.message + "".join(getattr(cause, "__notes__", ()))), error.hint)
        cleaned.status = cause.status_code if isinstance(cause, openai.APIStatusError) else None
        return cleaned

    def without_key(self, text: str) -> str:
        """Give a text with `***` in place of the key."""
        keys = self._key.seen if isinstance(self._key, CommandKey) else [self._key]
        for key in filter(None, keys):
            text = text.replace(key, "***")
        return text


def _failure(error: openai.APIError) -> Failure:
    if isinstance(error, openai.APIStatusError):
        body = error.body if isinstance(error.body, Mapping) else {}
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        return Failure(error.status_code, True, headers, str(body.get("code")), is_billing(body))
    return Failure(sent=not never_sent(error.__cause__ or error))


def _outcome(attempts: int, asked: float | None) -> str:
    """Say what was tried, where it is worth saying."""
    said = [f"{attempts} attempts"] if attempts > 1 else []
    said += [f"it asks to wait {asked:.0f} s"] if asked is not None and asked >= 1 else []
    return f" ({', '.join(said)})" if said else ""


@contextmanager
def _opened(file: Path | Content) -> Iterator[BinaryIO]:
    try:
        content = file.open("rb")
    except OSError as error:
        raise TargetRejectedError(
            f"cannot read {file}: {error.strerror}", "put the file back, or plan again"
        ) from error
    with content:
        yield content


def _parse(response: httpx2.Response) -> JsonObject:
    if response.status_code in (202, 204) and not response.content:
        return JsonObject()  # accepted, and nothing to say
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        asked = f"{response.request.method} {response.request.url.path}"
        raise TargetUnknownError(f"{asked} was not answered with a JSON object", "check the target's base_url")
    answer, wait = JsonObject(value), response.headers.get("openai-poll-after-ms", "")
    answer.poll_after = int(wait) / 1000 if wait.isdecimal() else None
    return answer


def _has_id(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)
