"""What a search in a store found: passages for people, `orch.search/1` for scripts."""

from collections.abc import Sequence
from textwrap import indent
from typing import Any

from rich.text import Text

from orchestrator.model.knowledge import Found, Query
from orchestrator.reporting.characters import storable, visible

FORMAT = "orch.search/1"
SHOWN = 6
"""Lines of a passage that are shown where not all are wanted."""


def search_text(found: Sequence[Found], whole: bool) -> Text:
    """Give the passages, best first: rank, score, file, and the text under it; cut unless `whole`."""
    if not found:
        return Text("Nothing found.")
    blocks = []
    for rank, passage in enumerate(found, 1):
        attributes = ", ".join(f"{key}={value}" for key, value in sorted(passage.attributes.items()))
        head = Text.assemble(f"{rank:>2}  {passage.score:.3f}  ", (visible(passage.file), "bold"))
        head.append(f"  {visible(attributes)}" if attributes else "", style="dim")
        lines = [visible(line) for line in passage.text.split("\n") if line.strip()]
        cut = [] if whole or len(lines) <= SHOWN else [f"… {len(lines) - SHOWN} more lines"]
        shown = lines if whole else lines[:SHOWN]
        blocks.append(Text.assemble(head, "\n", indent("\n".join([*shown, *cut]), "      ")))
    return Text("\n\n").join(blocks)


def search_json(project: str, target: str, store: str, query: Query, found: Sequence[Found]) -> dict[str, Any]:
    """Give the same as a JSON object."""
    return {
        "format": FORMAT,
        "project": project,
        "target": target,
        "store": store,
        "query": storable(query.text),
        "results": [
            {
                "rank": rank,
                "score": passage.score,
                "file": storable(passage.file),
                "file_id": passage.file_id,
                "attributes": dict(passage.attributes),
                "text": storable(passage.text),
            }
            for rank, passage in enumerate(found, 1)
        ],
    }
