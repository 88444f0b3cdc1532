"""The fixed question set of this repository: what students ask is found in the course handbook, in both languages.

Recall at 5 among 24 short documents tells little, so recall at 1 is held too, among as many again that are about other
things; and questions with slips, in other words than the text and for identifiers are held on their own.
"""

import asyncio
import csv
import random
from pathlib import Path

import pytest

from orchestrator.server.knowledge.bodies import Attachment
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.store import Store

SPECS = Path(__file__).parent.parent.parent.parent / "specs"
LEAST = {1: 0.9, 5: 0.95}
"""Measured: 0.92 in English and 0.96 in Korean at 1, 1.0 at 5."""

Question = tuple[str, set[str]]

CODE = {
    "client.py": "class HttpClient:\n    def fetchUserProfile(self, user_id, max_retries=3):\n        return None\n",
    "parser.ts": "export function parseQueryString(input: string): Map<string, string> { return new Map(); }\n",
    "billing.go": "func (s *Server) CreateInvoice(customerID string) error { return ErrPaymentRequired }\n",
    "errors.md": "`E_CONN_REFUSED`: the server did not answer. `E_TIMEOUT`: it answered too late.\n",
}
HARD: dict[str, list[Question]] = {
    "slips": [
        ("recieve an invoce", {"billing.go"}),
        ("fetch usr proflie", {"client.py"}),
        ("parse the qurey string", {"parser.ts"}),
        ("the sever did not anwser", {"errors.md"}),
    ],
    "identifiers": [
        ("fetchUserProfile", {"client.py"}),
        ("user_profile", {"client.py"}),
        ("MAX_RETRIES", {"client.py"}),
        ("QueryString", {"parser.ts"}),
        ("createinvoice", {"billing.go"}),
        ("PaymentRequired", {"billing.go"}),
        ("E_CONN_REFUSED", {"errors.md"}),
        ("CONN_REF", {"errors.md"}),
    ],
    "other forms": [
        ("fetching profiles of users", {"client.py"}),
        ("parsing queries", {"parser.ts"}),
        ("invoices created for customers", {"billing.go"}),
        ("servers answering late", {"errors.md"}),
    ],
}


def distractors(count: int) -> dict[str, bytes]:
    """Give documents about other things, in the words of the handbook."""
    chance = random.Random(11)
    texts = [each.read_text(encoding="utf-8") for each in sorted((SPECS / "course").rglob("*.md"))]
    words = sorted({word for text in texts for word in text.split()})
    return {f"other-{number}.md": " ".join(chance.sample(words, 60)).encode() for number in range(count)}


def ask(store: Store, documents: dict[str, bytes], questions: list[Question], k: int) -> float:
    """Give the share of what was wanted that is among the first `k`."""

    async def shares() -> list[float]:
        knowledge = Knowledge.open(store)
        files = [knowledge.files.add(name, data, "assistants") for name, data in documents.items()]
        made = knowledge.create_store({}, [Attachment(id, None, None) for id in files])
        await knowledge.wait_until_indexed([made["id"]])
        searcher, found = StoreSearcher(knowledge.documents), []
        for question, wanted in questions:
            hits = await searcher.search([made["id"]], question, k)
            found.append(len(wanted & {hit.filename for hit in hits}) / min(k, len(wanted)))
        await knowledge.close()
        return found

    recall = asyncio.run(shares())
    return sum(recall) / len(recall)


def course() -> dict[str, bytes]:
    documents = {each.name: each.read_bytes() for each in sorted((SPECS / "course").rglob("*.md"))}
    assert len(documents) == 24
    return documents


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("language", "least"), [("en", 20), ("ko", 20)])
def test_recall_is_held_in_each_language(store, language, least, k):
    with (SPECS / "scenarios" / "course-questions.csv").open(encoding="utf-8", newline="") as file:
        asked = [
            (row["question"], {Path(name.strip()).name for name in row["file"].split(";")})
            for row in csv.DictReader(file)
            if row["file"].startswith(f"{language}/")
        ]
    assert len(asked) >= least
    assert ask(store, course() | distractors(24), asked, k) >= LEAST[k]


@pytest.mark.parametrize("kind", HARD)
def test_slips_identifiers_and_other_forms_are_found_first(store, kind):
    documents = course() | {name: text.encode() for name, text in CODE.items()}
    assert ask(store, documents, HARD[kind], 1) == 1.0
