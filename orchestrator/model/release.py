"""A release: an assistant as it is sent with each request, where an API stores none. One JSON file, for any language.

format         "orch.release/1"
name           the assistant's name in the specs
display_name   its name for people, and `description`: what no request carries; left out where nobody gave them
hash           "sha256:..." of the request's canonical JSON (sorted keys, no spaces)
request        what `POST /responses` is sent besides input and conversation, with ids of live vector stores
record         whose it is and what was applied last (`model/ownership.py`)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.model.fields import digest
from orchestrator.model.ownership import Marks

FORMAT = "orch.release/1"
FOLDER = "releases"
"""Folder below the project: `releases/TARGET/NAME.json`."""


@dataclass(frozen=True, slots=True)
class Release:
    """One assistant, released."""

    name: str
    request: Mapping[str, Any]
    record: Mapping[str, str] = field(default_factory=dict)
    display_name: str | None = None
    description: str | None = None

    @property
    def hash(self) -> str:
        """What the request is known by; two releases of one hash say the same to the model."""
        return f"sha256:{digest(self.request).hex()}"

    def is_of(self, name: str) -> bool:
        """Tell whether it is the release of the assistant that specs call `name`; one nobody owns goes by its own."""
        marks = Marks.from_metadata(self.record)
        return (self.name if marks is None else marks.address.name) == name

    def to_json(self) -> dict[str, Any]:
        """Give the file's content."""
        named = {"display_name": self.display_name, "description": self.description}
        return {
            "format": FORMAT,
            "name": self.name,
            **{key: value for key, value in named.items() if value is not None},
            "hash": self.hash,
            "request": dict(self.request),
            "record": dict(self.record),
        }

    @classmethod
    def from_json(cls, value: object) -> "Release":
        """Read a file's content; raises ValueError that says what is wrong with it."""
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise ValueError(f"it does not say `format: {FORMAT}`")
        name, request, record = value.get("name"), value.get("request"), value.get("record", {})
        if not isinstance(name, str):
            raise ValueError("`name` is no text")
        if not isinstance(request, Mapping) or not isinstance(request.get("model"), str):
            raise ValueError("`request` is no request: it has no `model`")
        if not isinstance(record, Mapping) or not all(isinstance(item, str) for item in record.values()):
            raise ValueError("`record` is no map of texts")
        named = {key: value.get(key) for key in ("display_name", "description")}
        if not all(item is None or isinstance(item, str) for item in named.values()):
            raise ValueError("`display_name` or `description` is no text")
        return cls(name, dict(request), dict(record), **named)
