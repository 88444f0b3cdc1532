"""Tools that the Agents API lacks, brought to it by other means where a spec asks for it (`agents: {bridges: [...]}`).

`file_search` is a function of that name, answered by searching the vector stores: in scenarios by the conversation, in
an application by `orchestrator.bridge`. What is to be searched is written on the agent, in its metadata, so that
whoever has the agent can answer. `code_interpreter` is a hosted environment of the session.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.model.conversation import CODE_INTERPRETER, FILE_SEARCH, Citation, Passage

PAIR = "orch.bridges"
"""The metadata pair: JSON, by tool, of what is needed to answer it; within the 512 characters a value may have."""
HOSTED: Mapping[str, Any] = {"type": "openai_hosted", "network": {"access": "disabled"}}
"""The environment that code runs in: without a network, as that of the tool it stands in for."""
FUNCTION: Mapping[str, Any] = {
    "name": FILE_SEARCH,
    "description": "Searches the documents you may rely on. Name the file of every passage you use right after what "
    "you took from it, like this: 【file.pdf】",
    "parameters": {
        "type": "object",
        "properties": {"query": {"type": "string", "description": "What to look for, in words of the documents"}},
        "required": ["query"],
        "additionalProperties": False,
    },
}
"""The function that `file_search` is, as the model is told of it."""
TOOLS = (FILE_SEARCH, CODE_INTERPRETER)
_MARK = re.compile(r"【(?:\d+:\d+†)?([^【】\n]+)】")


@dataclass(frozen=True, slots=True)
class SearchBridge:
    """What a search looks through, and how."""

    stores: tuple[str, ...]
    """Ids of vector stores."""
    max_num_results: int | None = None
    ranking_options: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as it stands in the pair."""
        options = {"max_num_results": self.max_num_results, "ranking_options": self.ranking_options}
        return {"stores": list(self.stores), **{key: value for key, value in options.items() if value is not None}}

    def to_request(self, query: str) -> dict[str, Any]:
        """Give the body of `POST /vector_stores/{id}/search`."""
        return {"query": query, **{key: value for key, value in self.to_json().items() if key != "stores"}}


@dataclass(frozen=True, slots=True)
class Bridges:
    """What an agent has by bridges."""

    search: SearchBridge | None = None
    code: bool = False

    @property
    def tools(self) -> list[str]:
        """The names of the tools, as a spec lists them."""
        return [name for name, there in zip(TOOLS, (self.search is not None, self.code), strict=True) if there]

    def to_metadata(self) -> dict[str, str]:
        """Give the pair to write; nothing where there are no bridges."""
        parts: dict[str, Any] = {} if self.search is None else {FILE_SEARCH: self.search.to_json()}
        parts |= {CODE_INTERPRETER: {}} if self.code else {}
        return {PAIR: json.dumps(parts, separators=(",", ":"))} if parts else {}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any] | None) -> "Bridges":
        """Read an agent's metadata; what is no such pair, or none of ours, counts as no bridge."""
        try:
            parts = json.loads(str((metadata or {}).get(PAIR, "{}")))
        except ValueError:
            parts = {}
        if not isinstance(parts, Mapping):
            return cls()
        search = parts.get(FILE_SEARCH)
        stores = search.get("stores") if isinstance(search, Mapping) else None
        if not isinstance(search, Mapping) or not isinstance(stores, list):
            return cls(code=CODE_INTERPRETER in parts)
        most, ranking = search.get("max_num_results"), search.get("ranking_options")
        found = SearchBridge(
            tuple(map(str, stores)),
            most if isinstance(most, int) else None,
            dict(ranking) if isinstance(ranking, Mapping) else None,
        )
        return cls(found, CODE_INTERPRETER in parts)


def get_query(arguments: Any) -> str | None:
    """Give what a call of the function looks for; None where the model wrote something else."""
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return None
    query = given.get("query") if isinstance(given, Mapping) else None
    return query if isinstance(query, str) and query.strip() else None


def get_passage(found: Mapping[str, Any]) -> Passage:
    """Give one result of `POST /vector_stores/{id}/search` (API facts 2.2)."""
    text = "\n".join(str(part.get("text") or "") for part in found.get("content") or ())
    return Passage(str(found.get("file_id")), str(found.get("filename")), float(found.get("score") or 0), text)


def best(passages: Iterable[Passage], most: int | None) -> tuple[Passage, ...]:
    """Give what several stores found as one list, best first."""
    return tuple(sorted(passages, key=lambda passage: -passage.score)[:most])


def to_output(passages: Sequence[Passage]) -> str:
    """Give the function's output: JSON, best first."""
    found = [{"file_id": p.file_id, "file": p.file, "score": round(p.score, 4), "text": p.text} for p in passages]
    return json.dumps({"results": found}, ensure_ascii=False)


def citations_in(text: str, passages: Iterable[Passage]) -> tuple[Citation, ...]:
    """Give the files that a reply names as the function asks for it, of those that were found."""
    ids = {passage.file: passage.file_id for passage in passages}
    marks = ((match.group(), match.group(1)) for match in _MARK.finditer(text))
    return tuple(Citation(ids[name], name, mark) for mark, name in marks if name in ids)
