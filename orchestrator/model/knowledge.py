"""A search in a vector store, as it is asked and answered on every wire (API facts 2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_RESULTS = 50
"""Results that the API gives of one search."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    max_num_results: int = 10
    min_score: float | None = None
    """Least score of a result, 0 to 1."""
    filters: Mapping[str, Any] | None = None
    """A filter of attributes as the API has it, for example `{type: eq, key: topic, value: x}`."""

    def to_request(self) -> dict[str, Any]:
        """Give the body of `POST /vector_stores/{id}/search`."""
        body: dict[str, Any] = {"query": self.text, "max_num_results": self.max_num_results}
        if self.min_score is not None:
            body["ranking_options"] = {"score_threshold": self.min_score}
        if self.filters is not None:
            body["filters"] = dict(self.filters)
        return body


@dataclass(frozen=True, slots=True)
class Found:
    """One passage, and where it stands."""

    file: str
    """Path of the file in the project; its name at the API where orch did not upload it."""
    file_id: str
    score: float
    text: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The author's own."""
