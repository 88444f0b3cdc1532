"""Vector stores and metadata as every OpenAI-like wire has them, as two pure translations (API facts 2.2)."""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.address import Kind
from orchestrator.model.fields import Fields, file_label
from orchestrator.model.ownership import Marks, user_pairs
from orchestrator.providers._shapes import mapping, number
from orchestrator.providers.beyond import beyond_at, joined
from orchestrator.providers.interface import Desired, Live

PATH = "/vector_stores"
_UNKNOWN = "unknown."
_EXPIRES = f"{_UNKNOWN}expires_after"
_TOP = frozenset(
    [
        *("id", "object", "created_at", "name", "status", "metadata", "expires_after", "expires_at", "last_active_at"),
        *("usage_bytes", "bytes", "file_counts"),
    ]
)


def store_to_wire(desired: Desired, changed: frozenset[str] | None) -> dict[str, Any]:
    """Give the body of a create (`changed` None: everything) or of an update of a store's own fields."""
    fields = desired.fields
    paths = frozenset(fields) if changed is None else changed
    body: dict[str, Any] = {"metadata": metadata_of(fields, desired.marks)}
    if "display_name" in paths:
        body["name"] = fields.get("display_name")
    if "expires_after" in paths:
        expires = fields.get("expires_after")
        asked = {"anchor": "last_active_at", **expires} if expires else None
        body["expires_after"] = joined(asked, fields.get(_EXPIRES))
    return body


def store_from_wire(item: Mapping[str, Any]) -> Live:
    """Give a live store in the spec's fields, what they have no words for under `unknown.`; its files are not in it."""
    fields: dict[str, Any] = {} if item.get("name") is None else {"display_name": item["name"]}
    if expires := item.get("expires_after"):
        fields |= {"expires_after": {"days": expires.get("days")}} if isinstance(expires, Mapping) else {}
        fields |= beyond_at(_EXPIRES, expires, {"anchor": None, "days": None})
    fields |= {f"{_UNKNOWN}{key}": value for key, value in item.items() if key not in _TOP and value is not None}
    own, marks = metadata_from(item)
    counts = mapping(item.get("file_counts"))
    count, failed = (int(number(counts.get(key))) for key in ("completed", "failed"))
    return Live(
        kind=Kind.VECTOR_STORE,
        id=item["id"],
        fields={**fields, **own},
        marks=marks,
        file_count=count,
        failed_count=failed,
        expired=item.get("status") == "expired",
    )


def metadata_of(fields: Fields, marks: Marks) -> dict[str, str]:
    """Give an object's whole metadata: the pairs among its fields, and the marks."""
    own = {path.removeprefix("metadata."): str(value) for path, value in fields.items() if path.startswith("metadata.")}
    return own | marks.to_metadata()


def metadata_from(item: Mapping[str, Any]) -> tuple[dict[str, Any], Marks | None]:
    """Give the fields that an object's metadata holds, and its marks."""
    metadata = {str(key): str(value) for key, value in mapping(item.get("metadata")).items()}
    return {f"metadata.{key}": value for key, value in user_pairs(metadata).items()}, Marks.from_metadata(metadata)


def declared_files(fields: Fields) -> dict[str, Mapping[str, Any]]:
    """Give a store's declared files by label."""
    labelled = ((file_label(path), value) for path, value in fields.items())
    return {label: value for label, value in labelled if label is not None}
