"""A release: an assistant as it is sent with each request, where an API stores none. One JSON file, for any language.

format         "orch.release/1"
name           the assistant's name in the specs
display_name   its name for people, and `description`: what no request carries; left out where nobody gave them
hash           "sha256:..." of the request's canonical JSON (sorted keys, no spaces)
request        what `POST /responses` is sent besides input and conversation, with ids of live vector stores
record         whose it is and what was applied last (`model/ownership.py`)
replaces       while an assistant is being renamed: the file of its old name, by name and SHA-256, which goes next

What else stands there, or in the record, is somebody's, and is written again with the next release.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from orchestrator.model.fields import digest
from orchestrator.model.ownership import PREFIX, Marks

FORMAT = "orch.release/1"
FOLDER = "releases"
"""Folder below the project: `releases/TARGET/NAME.json`."""


_OWN_RECORD = frozenset(["owner", "baseline", "files", "protect", "revision", "code"])
"""What stands in a record below `orch.`, before the next dot."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The file that a release of a renamed assistant takes the place of."""

    name: str
    sha256: str
    """Of the file's bytes, in hex: one of that name that says anything else is not meant."""


@dataclass(frozen=True, slots=True)
class Release:
    """One assistant, released."""

    name: str
    request: Mapping[str, Any]
    record: Mapping[str, str] = field(default_factory=dict)
    display_name: str | None = None
    description: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)
    """What the file says that nobody here knows."""
    replaces: Replaced | None = None
    stated: str | None = field(default=None, compare=False)
    """The hash that the file says; None where it says none, as one that was written by hand."""

    @property
    def is_intact(self) -> bool:
        """Tell whether the request is the one that was released, as far as the file says."""
        return self.stated in (None, self.hash)

    def after(self, before: "Release") -> "Release":
        """Give it with what the one before says that nobody here knows."""
        theirs = {key: value for key, value in before.record.items() if not _is_own(key)}
        return replace(self, record={**theirs, **self.record}, rest=before.rest)

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
            **({"replaces": asdict(self.replaces)} if self.replaces is not None else {}),
            "request": dict(self.request),
            "record": dict(self.record),
            **self.rest,
        }

    @classmethod
    def from_json(cls, value: object) -> "Release":
        """Read a file's content; raises ValueError that says what is wrong with it and where."""
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise ValueError(f"it does not say `format: {FORMAT}`")
        name, request, record = value.get("name"), value.get("request"), value.get("record", {})
        if not isinstance(name, str):
            raise ValueError("`name` is no text")
        if not isinstance(request, Mapping) or not isinstance(request.get("model"), str):
            raise ValueError("`request` is no request: it has no `model`")
        _check_request(request)
        _check_texts(record, "record")
        texts = {key: value.get(key) for key in ("display_name", "description", "hash")}
        for key, item in texts.items():
            if item is not None and not isinstance(item, str):
                raise ValueError(f"`{key}` is no text")
        stated = texts.pop("hash")
        rest = {key: item for key, item in value.items() if key not in _KEYS}
        replaced = _replaced(value.get("replaces"))
        return cls(name, dict(request), dict(record), **texts, rest=rest, replaces=replaced, stated=stated)


_KEYS = frozenset(["format", "name", "display_name", "description", "hash", "replaces", "request", "record"])


def _is_own(key: str) -> bool:
    return key.startswith(PREFIX) and key.removeprefix(PREFIX).split(".")[0] in _OWN_RECORD


def _replaced(value: object) -> Replaced | None:
    if value is None:
        return None
    _check_texts(value, "replaces")
    if not isinstance(value, Mapping) or set(value) != {"name", "sha256"}:
        raise ValueError("`replaces` does not say `name` and `sha256`")
    return Replaced(value["name"], value["sha256"])


def _check_request(request: Mapping[str, Any]) -> None:
    """Raise ValueError where a part of a request is not of the shape in which it is read."""
    for key in ("reasoning", "text"):
        _check_map(request.get(key), f"request.{key}")
    if request.get("metadata") is not None:
        _check_texts(request["metadata"], "request.metadata")
    tools = request.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise ValueError("`request.tools` is no list")
    for number, tool in enumerate(tools or ()):
        place = f"request.tools[{number}]"
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str):
            raise ValueError(f"`{place}` is no tool: it has no `type`")
        if tool["type"] == "function" and not isinstance(tool.get("name"), str):
            raise ValueError(f"`{place}` is a function without a `name`")
        _check_list(tool.get("vector_store_ids"), f"{place}.vector_store_ids")
        if isinstance(tool.get("container"), Mapping):
            _check_list(tool["container"].get("file_ids"), f"{place}.container.file_ids")


def _check_map(value: object, place: str) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"`{place}` is no map")


def _check_texts(value: object, place: str) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError(f"`{place}` is no map of texts")


def _check_list(value: object, place: str) -> None:
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise ValueError(f"`{place}` is no list of texts")
