"""How fast an API may be asked: one bucket for each class of endpoints, shared by all who ask through one client.

A class whose limit the vendor has published (API facts 2.1, 2.3) has a rate from the start; the others are unlimited
until the target says that it is asked too much. Then the whole class pauses, not only who heard it, and goes on at half
the pace, which grows again with every request that goes well (additive increase, multiplicative decrease).
"""

import asyncio
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

STORE_REQUESTS = 300 / 60
"""A second and vector store, `/files` and `/file_batches` together."""
UPLOADS = 1000 / 60
"""A second and user."""
BURST = 1.0
"""Seconds' worth of requests that may come at once."""
SLOWEST = 0.5
"""Requests a second that a class is never slowed below."""
GROWTH = 0.05
"""Part of the pace it was slowed from that a request that goes well gives back."""
SLACK = 1e-6  # what rounding may leave of a wait
_FILES = re.compile(r"/vector_stores/([^/]+)/(?:files|file_batches)(?:/|$)")
_ID = re.compile(r"(?<=/)[^/]*[^a-z_/][^/]*")  # words of a path are plain; an id has a digit, a capital or a dash
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Pace(Protocol):
    """Time and chance, handed in so that tests need not wait."""

    def clock(self) -> float:
        """Seconds that only go forward."""
        ...

    def now(self) -> datetime:
        """The time of day, aware of its zone."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; may be cancelled."""
        ...

    def chance(self) -> float:
        """A number from 0 to 1, another one each time."""
        ...


class RealPace:
    """The event loop's time."""

    def clock(self) -> float:
        """Seconds that only go forward."""
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        """A number from 0 to 1; spreads those who wait, and is no secret."""
        return random.random()


class Bucket:
    """One class of endpoints."""

    def __init__(self, pace: Pace, rate: float | None = None) -> None:
        """`rate` is the known limit in requests a second."""
        self._pace = pace
        self._limit = self._rate = rate
        self._target = 0.0  # the pace it was slowed from, where no limit is known
        self._tokens = self._burst()
        self._filled = 0.0
        self._paused_until = 0.0
        self._since, self._sent = 0.0, 0
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Return when a request may be sent; who comes first is served first."""
        async with self._turn:
            while (wait := self._wait()) > 0:
                await self._pace.sleep(wait)
            self._tokens -= 1
            self._sent += 1

    def pause(self, seconds: float) -> None:
        """Send nothing of this class for a while."""
        self._paused_until = max(self._paused_until, self._pace.clock() + seconds)

    def slow_down(self, seconds: float) -> None:
        """Pause, and go on at half the pace; those who hear it together slow it once."""
        now = self._pace.clock()
        if now >= self._paused_until:
            measured = self._sent / max(now - self._since, 1.0)
            self._target = self._rate or max(measured, 2 * SLOWEST)
            self._rate = max(self._target / 2, SLOWEST)
            self._tokens, self._filled = 1.0, now
        self.pause(seconds)

    def went_well(self) -> None:
        """Give back a little of the pace."""
        if self._rate is None or self._rate == self._limit:
            return
        self._rate += GROWTH * self._target
        if self._limit is not None:
            self._rate = min(self._rate, self._limit)
        elif self._rate > 2 * self._target:
            self._rate = None  # nothing was heard for so long that nothing limits any more

    def _wait(self) -> float:
        now = self._pace.clock()
        if self._paused_until - now > SLACK:
            return self._paused_until - now
        if now - self._since > 10:
            self._since, self._sent = now, 0  # the pace is measured over the last seconds only
        if self._rate is None:
            self._tokens = 1.0
            return 0.0
        self._tokens = min(self._burst(), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        return 0.0 if self._tokens >= 1 - SLACK else (1 - self._tokens) / self._rate

    def _burst(self) -> float:
        return max(1.0, (self._rate or 1.0) * BURST)


class Limiter:
    """The buckets of one client."""

    def __init__(self, pace: Pace, known: bool = False) -> None:
        """`known` says that the API's published limits are this target's."""
        self._pace, self._known = pace, known
        self._buckets: dict[str, Bucket] = {}

    def bucket(self, method: str, path: str) -> Bucket:
        """Give the bucket of a request."""
        name, rate = classify(method, path)
        if name not in self._buckets:
            self._buckets[name] = Bucket(self._pace, rate if self._known else None)
        return self._buckets[name]


def classify(method: str, path: str) -> tuple[str, float | None]:
    """Give the class of a request, and its limit in requests a second where that is known."""
    if found := _FILES.match(path):
        return f"files of {found[1]}", STORE_REQUESTS
    if (method, path) == ("POST", "/files"):
        return "uploads", UPLOADS
    return f"{method} {shape(path)}", None


def shape(path: str) -> str:
    """Give a path with `{id}` in place of ids."""
    return _ID.sub("{id}", path)


def pause_of(headers: Mapping[str, str]) -> float:
    """Give the seconds until requests are allowed again, where a reply says that none is left; else 0.

    The reset is written as `1s`, `6m0s` or `20ms` (API facts 7).
    """
    if headers.get("x-ratelimit-remaining-requests") != "0":
        return 0.0
    parts = re.findall(r"([\d.]+)(ms|s|m|h|d)", headers.get("x-ratelimit-reset-requests", ""))
    try:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    except ValueError:
        return 0.0
