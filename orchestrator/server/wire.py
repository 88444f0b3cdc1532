"""What every reply of the API has in common: ids, times, errors, lists.

Wording follows what the hosted API answers, because clients and people match on it. The shapes of request bodies
are in `shapes.py` (how they are checked) and `bodies.py` (what they are).
"""

import json
import re
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.server.store import Page, PageQuery, UnknownCursorError

BASE62 = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """Make an id such as `asst_` + 24 random characters; `prefix` includes its `_` (or `-` for files)."""
    return prefix + "".join(secrets.choice(BASE62) for _ in range(24))


def now() -> int:
    """The time in whole Unix seconds, as the API writes it."""
    return int(time.time())


class WireError(Exception):
    """A refusal, as the client will read it.

    `status` is the HTTP status; `param` names the field at fault, `code` the kind of fault where the API has a name
    for it; `type` is OpenAI's coarse class.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param

    def to_json(self) -> dict[str, Any]:
        """Give the reply's body."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> WireError:
    """Make a 400: the request itself is wrong."""
    return WireError(400, message, param=param, code=code)


def missing_object(what: str, id: str) -> WireError:
    """Make a 404 for an object; `what` is its plain name: assistant, thread, run, ..."""
    return WireError(404, f"No {what} found with id '{id}'.")


def unknown_cursor(error: UnknownCursorError) -> WireError:
    """Make the 400 for a list cursor that is not in the list."""
    return invalid(
        f"Invalid '{error.parameter}': no object with id '{error.cursor}' in this list.",
        param=error.parameter,
        code="invalid_value",
    )


def not_built(what: str) -> WireError:
    """Make a 501: the API has it, this server does not; `what` names it."""
    return WireError(501, f"This server does not have {what}.", type="server_error", code="not_implemented")


def parse_json(data: bytes) -> Any:
    """Read a request body as JSON (an empty one as `{}`); raises WireError 400 for whatever is not plain JSON.

    NaN and Infinity are refused, and so are unpaired surrogates: they are not text and could not be stored.
    """
    if not data.strip():
        return {}
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise invalid(f"We could not parse the JSON body of your request: {reason}.") from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def list_query(params: Mapping[str, str], *, most: int = 100, default: int = 20) -> PageQuery:
    """Read limit, order, after and before of a list request; `most` and `default` are the limits of `limit`."""
    order = params.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid(
            f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.", param="order", code="invalid_value"
        )
    return PageQuery(
        limit=_limit(params["limit"], most) if "limit" in params else default,
        order="asc" if order == "asc" else "desc",
        after=params.get("after") or None,
        before=params.get("before") or None,
    )


def _limit(text: str, most: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise invalid(
            "Invalid type for 'limit': expected an integer, but got a string instead.",
            param="limit",
            code="invalid_type",
        )
    limit = int(text)
    check_range("limit", limit, low=1, high=most, noun="integer")
    return limit


def check_range(param: str, value: float, *, low: float | None, high: float | None, noun: str) -> None:
    """Raise the 400 for a number outside `low`..`high`; `noun` is what the API calls it: integer or decimal."""
    if low is not None and value < low:
        side, sign, bound, code = "below minimum", ">=", low, "below_min"
    elif high is not None and value > high:
        side, sign, bound, code = "above maximum", "<=", high, "above_max"
    else:
        return
    raise invalid(
        f"Invalid '{param}': {noun} {side} value. Expected a value {sign} {bound}, but got {value} instead.",
        param=param,
        code=f"{noun}_{code}_value",
    )


def list_envelope(items: Sequence[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    """Wrap one page of objects as the API does."""
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def page_of(items: Sequence[dict[str, Any]], query: PageQuery) -> Page:
    """Give the part of a list that is asked for, as `Store.fetch_page` would; `items` come oldest first.

    Raises UnknownCursorError.
    """
    ordered = list(items) if query.order == "asc" else list(reversed(items))
    places = {item["id"]: place for place, item in enumerate(ordered)}
    for name, cursor in (("after", query.after), ("before", query.before)):
        if cursor is not None and cursor not in places:
            raise UnknownCursorError(name, cursor)
    begin = 0 if query.after is None else places[query.after] + 1
    part = ordered[begin : len(ordered) if query.before is None else places[query.before]]
    more = len(part) > query.limit
    backwards = query.before is not None and query.after is None
    return Page(part[-query.limit :] if backwards else part[: query.limit], more)


def page_envelope(page: Page) -> dict[str, Any]:
    """Wrap a page as it came from the store."""
    return list_envelope(page.items, page.has_more)


def deleted(id: str, object: str) -> dict[str, Any]:
    """Make the reply to a delete; `object` is such as `assistant.deleted`."""
    return {"id": id, "object": object, "deleted": True}
