"""Whether a request that came to nothing is sent again, and when. Pure: a clock's answer and a die's are handed in.

What makes something is sent again only where the target surely did nothing: where no connection was made, on a 429,
and on a 503 that names a wait or says that it is overloaded. After a lost reply or any other 5xx it may have been
carried out, and no API here takes an idempotency key (API facts 7). Reads, repeatable updates and deletes are sent
again after anything that may pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 3
"""As many as the SDK makes (API facts 7)."""
PATIENT = 8
"""Attempts where the target itself says how long to wait: under parallel work that is how limits are found."""
LONGEST = 300.0
"""Seconds a target may ask to wait; who asks for more is not waited for."""
FIRST, DOUBLED_TO = 0.5, 8.0
"""Seconds to wait where the target names none: doubled each time, less up to a quarter by chance (API facts 7)."""
OVERLOADED = frozenset({"slow_down", "server_is_overloaded"})
"""Codes of a 429 and a 503 since 2026-09-02 (API facts 7)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of one attempt."""

    status: int | None = None
    """HTTP status; None where no reply came."""
    sent: bool = True
    """Whether any of the request may have reached the target."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the reply, with names in lower case."""
    code: str | None = None
    """The API's own error code."""
    billing: bool = False
    """Whether it is about money, which no waiting mends."""

    @property
    def limited(self) -> bool:
        """Tell whether the target said that it is asked too much."""
        return not self.billing and (self.status == 429 or (self.status == 503 and self._says_so))

    @property
    def _says_so(self) -> bool:
        return self.code in OVERLOADED or "retry-after" in self.headers or "retry-after-ms" in self.headers


def wait_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds a target asks to wait (RFC 9110, 10.2.3, and OpenAI's milliseconds), or None."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    written = headers.get("retry-after")
    if written is None or (seconds := _number(written)) is not None:
        return seconds if written is not None else None
    try:
        return max(0.0, (parsedate_to_datetime(written) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def wait_before_next(failure: Failure, attempt: int, once: bool, asked: float | None, chance: float) -> float | None:
    """Give the seconds until the next attempt, or None to give up.

    `attempt` is the number of the one that failed, from 1; `once` says that repeating it would make a thing twice;
    `asked` is what `wait_of` gave; `chance` is from 0 to 1.
    """
    if failure.billing or failure.headers.get("x-should-retry") == "false":
        return None
    nothing_done = not failure.sent or failure.limited
    passing = failure.status is None or failure.status in (408, 409, 429) or failure.status >= 500
    told_to = failure.headers.get("x-should-retry") == "true"
    if not (nothing_done if once else nothing_done or passing or told_to):
        return None
    if attempt >= (PATIENT if failure.limited and asked is not None else ATTEMPTS):
        return None
    if asked is not None:
        return asked if asked <= LONGEST else None
    backoff: float = min(DOUBLED_TO, FIRST * 2 ** (attempt - 1))
    return backoff * (1 - chance / 4)


def growing(first: float, longest: float) -> Iterator[float]:
    """Give the seconds between looks at what takes its time: half as long again each time."""
    while True:
        yield first
        first = min(first * 1.5, longest)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None
