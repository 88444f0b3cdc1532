"""What an API's refusal, a lost connection or a broken answer means, in our words (API facts 7)."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2

from orchestrator.errors import (
    TargetAccessError,
    TargetBusyError,
    TargetError,
    TargetMissingError,
    TargetRejectedError,
    TargetUnknownError,
)

BILLING = frozenset(  # a 429 that no waiting mends
    [
        "credit_balance_exhausted",
        "insufficient_quota",
        "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "project_spend_limit_exceeded",
    ]
)
AGAIN = "run again; it looks before it writes"
_NO_CREDIT = "waiting does not help: check the account's credit or limits"
_EXPIRED = "get another one; with `api_key: {command: ...}` the target's key is asked for again whenever it expires"
_VERSION = 'write it at the target: query: {api-version: "2025-05-01"}'
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


def unreached(cause: BaseException, base: httpx2.URL, writes: bool) -> TargetError:
    """Give the error for a request that got no reply; `cause` is the transport's own."""
    where = f"{base.host}:{base.port}" if base.port else base.host
    why = str(cause) or type(cause).__name__
    if never_sent(cause):
        return TargetBusyError(f"cannot reach {where}: {why}", "is it running, and is base_url right?")
    if not writes:
        return TargetBusyError(f"no reply came from {where}: {why}", "is it running, and is base_url right?")
    return TargetUnknownError(f"the reply of {where} was lost: {why}", AGAIN)


def never_sent(cause: BaseException) -> bool:
    """Tell whether a request surely did not reach the target; `cause` is the transport's own."""
    return isinstance(cause, _NOT_SENT)


def refused(status: int, body: object, writes: bool) -> TargetError:
    """Give the error for a reply with an HTTP status of failure; `body` is the API's error object, or whatever came."""
    error = body if isinstance(body, Mapping) else {}
    message = f"{error.get('message') or _shortened(body) or 'refused without a reason'} (HTTP {status})"
    if status in (401, 403):
        return TargetAccessError(
            message, _EXPIRED if "expired" in message else "check the target's api_key and its rights"
        )
    if status == 404:
        return TargetMissingError(message, "check the target's base_url, or plan again")
    if status == 429 and is_billing(error):
        return TargetRejectedError(message, _NO_CREDIT)
    if status in (408, 429, 503) or (status >= 500 and not writes):
        return TargetBusyError(message, "try again later, or with a smaller --concurrency")
    if status >= 500:
        return TargetUnknownError(message, AGAIN)
    return TargetRejectedError(message, _VERSION if "api-version" in message else None)


def broken_off(data: Mapping[str, Any]) -> TargetError:
    """Give the error for an `error` event; its data is the API's error object, or holds it."""
    inner = data.get("error")
    said = inner if isinstance(inner, dict) else data
    message = f"the target broke off: {said.get('message') or said.get('code') or 'it gave no reason'}"
    return TargetRejectedError(message, _NO_CREDIT) if is_billing(said) else TargetUnknownError(message, "try again")


def _shortened(body: object, most: int = 300) -> str:
    """Give what came on one line; a gateway answers with a page of HTML."""
    text = body if isinstance(body, str) else json.dumps(body) if body else ""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def is_billing(error: Mapping[str, Any]) -> bool:
    """Tell whether an API's error object is about money."""
    return str(error.get("code")) in BILLING or str(error.get("type")) in BILLING
