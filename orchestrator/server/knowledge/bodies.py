"""What clients may send about vector stores, their files, batches and searches (the OpenAPI file's limits)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestrator.server.knowledge import chunking
from orchestrator.server.knowledge.chunking import ChunkingStrategy
from orchestrator.server.knowledge.search_index import Attributes
from orchestrator.server.shapes import (
    Boolean,
    Choice,
    Field,
    Free,
    ListOf,
    Metadata,
    Number,
    Object,
    OrText,
    Tagged,
    Text,
    as_object,
    wrong_type,
)
from orchestrator.server.wire import invalid


@dataclass(frozen=True, slots=True)
class AttributesShape:
    """Up to 16 pairs; keys up to 64 characters, values strings of up to 512, numbers or booleans."""

    def check(self, value: Any, path: str) -> Attributes:
        """See Shape."""
        pairs = as_object(value, path)
        if len(pairs) > 16:
            raise invalid(
                f"Invalid '{path}': too many properties. Expected an object with at most 16 properties, "
                f"but got an object with {len(pairs)} properties instead.",
                param=path,
                code="object_above_max_properties",
            )
        for key, item in pairs.items():
            Text(64).check(key, path)
            if isinstance(item, str):
                Text(512).check(item, f"{path}.{key}")
            elif not isinstance(item, bool | int | float):
                raise wrong_type(f"{path}.{key}", "a string, a number or a boolean", item)
        return pairs


_CHUNKING = Tagged(
    {
        "auto": Object({"type": Field(Text(), required=True)}),
        "static": Object(
            {
                "type": Field(Text(), required=True),
                "static": Field(
                    Object(
                        {
                            "max_chunk_size_tokens": Field(Number(100, 4096, whole=True), required=True),
                            "chunk_overlap_tokens": Field(Number(0, 2048, whole=True), required=True),
                        }
                    ),
                    required=True,
                ),
            }
        ),
    }
)
_EXPIRES_AFTER = Object(
    {
        "anchor": Field(Choice(("last_active_at",)), required=True),
        "days": Field(Number(1, 365, whole=True), required=True),
    }
)
_ENTRY = {
    "file_id": Field(Text(), required=True),
    "attributes": Field(AttributesShape(), default=None),
    "chunking_strategy": Field(_CHUNKING, default=None),
}

CREATE_STORE = Object(
    {
        "name": Field(Text(256), default=""),
        "description": Field(Text(), default=None),  # write-only in the hosted API: no reply shows it
        "file_ids": Field(ListOf(Text(), most=500), default=()),
        "chunking_strategy": Field(_CHUNKING, default=None),
        "expires_after": Field(_EXPIRES_AFTER, default=None),
        "metadata": Field(Metadata(), default=None),
    }
)
MODIFY_STORE = Object(
    {"name": Field(Text(256)), "expires_after": Field(_EXPIRES_AFTER), "metadata": Field(Metadata())},
    patch=True,
)
ATTACH = Object(_ENTRY)
SET_ATTRIBUTES = Object({"attributes": Field(AttributesShape())}, patch=True)
CREATE_BATCH = Object(
    {
        "file_ids": Field(ListOf(Text(), most=2000, least=1), default=None),
        "files": Field(ListOf(Object(_ENTRY), most=2000, least=1), default=None),
        "attributes": Field(AttributesShape(), default=None),
        "chunking_strategy": Field(_CHUNKING, default=None),
    }
)
SEARCH = Object(
    {
        "query": Field(OrText(Text(least=1), ListOf(Text(least=1), least=1)), required=True),
        "rewrite_query": Field(Boolean(), default=False),
        "max_num_results": Field(Number(1, 50, whole=True), default=10),
        "filters": Field(Free(), default=None),
        "ranking_options": Field(
            Object(
                {
                    "ranker": Field(Choice(("none", "auto", "default-2024-11-15")), default="auto"),
                    "score_threshold": Field(Number(0, 1), default=0.0),
                }
            ),
            default=None,
        ),
    }
)


class Attachment(NamedTuple):
    """One file to attach; None leaves what an earlier attachment of the same file said."""

    file_id: str
    attributes: Attributes | None
    chunking: ChunkingStrategy | None


def read_chunking(value: Mapping[str, Any] | None, path: str = "chunking_strategy") -> ChunkingStrategy | None:
    """The strategy a checked `chunking_strategy` means; raises WireError where the overlap is too large."""
    if value is None:
        return None
    if value["type"] == "auto":
        return chunking.AUTO
    size, overlap = value["static"]["max_chunk_size_tokens"], value["static"]["chunk_overlap_tokens"]
    if overlap * 2 > size:
        param = f"{path}.static.chunk_overlap_tokens"
        raise invalid(
            f"Invalid '{param}': the overlap must not exceed half of max_chunk_size_tokens ({size}), but is {overlap}.",
            param=param,
            code="invalid_value",
        )
    return ChunkingStrategy(int(size), int(overlap))


def show_chunking(strategy: ChunkingStrategy) -> dict[str, Any]:
    """A strategy as replies show it: always `static`, also when `auto` was asked for."""
    size, overlap = strategy
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


def read_attachment(value: Mapping[str, Any], path: str = "") -> Attachment:
    """The attachment a checked entry means."""
    strategy = read_chunking(value["chunking_strategy"], f"{path}chunking_strategy")
    return Attachment(value["file_id"], value["attributes"], strategy)
