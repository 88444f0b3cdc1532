"""What orch writes into the `attributes` of a vector store's file, beside the author's own.

    orch.path     the label, continued in orch.path.2 and on where it is longer than one value
    orch.sha256   of the content that was uploaded

Limits are the API's: 16 pairs, text values of 512 characters (API facts 2.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import TargetRejectedError

PATH, SHA256 = "orch.path", "orch.sha256"
MAX_PAIRS = 16
MAX_VALUE = 512


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The attributes of a file, taken apart."""

    label: str | None
    """None where orch did not attach the file."""
    sha256: str | None
    """In hex."""
    own: dict[str, Any]
    """The author's attributes."""


def write_attributes(label: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Give the attributes of a declared file (`{sha256, attributes, ...}`); raises `TargetRejectedError` at no room."""
    parts = [label[at : at + MAX_VALUE] for at in range(0, len(label), MAX_VALUE)]
    paths = {_key(number): part for number, part in enumerate(parts, 1)}
    attributes = {**value["attributes"], **paths, SHA256: value["sha256"]}
    if len(attributes) > MAX_PAIRS:
        raise TargetRejectedError(
            f"{label}: its path of {len(label)} characters and {len(value['attributes'])} attributes do not fit into "
            f"the {MAX_PAIRS} attributes a file may have",
            "shorten the path, or give it fewer attributes",
        )
    return attributes


def read_attributes(attributes: Mapping[str, Any]) -> FileRecord:
    """Take the attributes of a live file apart."""
    label, number = "", 1
    while (part := attributes.get(_key(number))) is not None:
        label, number = label + str(part), number + 1
    taken = {SHA256, *map(_key, range(1, number))}
    own = {key: value for key, value in attributes.items() if key not in taken}
    sha256 = attributes.get(SHA256)
    return FileRecord(label or None, None if sha256 is None else str(sha256), own)


def _key(number: int) -> str:
    return PATH if number == 1 else f"{PATH}.{number}"
