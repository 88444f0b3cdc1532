"""The fixed question set of this repository: what students ask is found in the course handbook, in both languages."""

import asyncio
import csv
from pathlib import Path

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher

SPECS = Path(__file__).parent.parent.parent.parent / "specs"
K, LEAST = 5, 0.9


@pytest.mark.parametrize(("language", "least"), [("en", 20), ("ko", 20)])
def test_recall_at_5_is_held_in_each_language(store, language, least):
    with (SPECS / "scenarios" / "course-questions.csv").open(encoding="utf-8", newline="") as file:
        asked = [row for row in csv.DictReader(file) if row["file"].startswith(f"{language}/")]
    assert len(asked) >= least

    async def shares() -> list[float]:
        knowledge = Knowledge.open(store)
        documents = sorted((SPECS / "course").rglob("*.md"))
        assert len(documents) == 24
        files = [knowledge.files.add(each.name, each.read_bytes(), "assistants") for each in documents]
        made = knowledge.create_store({}, [Attachment(id, None, None) for id in files])
        await knowledge.wait_until_indexed([made["id"]])
        searcher, found = StoreSearcher(knowledge.documents), []
        for row in asked:
            wanted = {Path(name.strip()).name for name in row["file"].split(";")}
            hits = await searcher.search([made["id"]], row["question"], K)
            found.append(len(wanted & {hit.filename for hit in hits}) / len(wanted))
        await knowledge.close()
        return found

    recall = asyncio.run(shares())
    assert sum(recall) / len(recall) >= LEAST
