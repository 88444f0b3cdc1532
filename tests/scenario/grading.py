"""Judges as an author would have written them, and answers as their models would give them."""

import json
from collections.abc import Mapping

from orchestrator.model.conversation import Reply, Usage
from orchestrator.model.judges import Judge
from orchestrator.providers.scripted_conversation import says
from orchestrator.scenario.judge_prompt import Case

QUOTE = "Within 30 days"


def judge(name: str = "strict", **more: object) -> Judge:
    """Give a judge with one criterion of its own."""
    return Judge.model_validate({"name": name, "model": "grader", "criteria": ["answers"], **more})


def case(*criteria: str, said: tuple[Mapping[str, object], ...] = (), turn: int | None = 1) -> Case:
    """Give a case about a conversation in which the quote stands."""
    return Case("strict", criteria or ("answers",), said or ({"turn": 1, "assistant": f"{QUOTE}, all is paid."},), turn)


def graded(*verdicts: str, quote: str = QUOTE) -> str:
    """Give an answer with these verdicts, in order."""
    entries = [
        {"number": number, "quote": quote, "reason": f"because {number}", "verdict": verdict}
        for number, verdict in enumerate(verdicts, 1)
    ]
    return json.dumps({"criteria": entries})


def grades(*verdicts: str, quote: str = QUOTE) -> Reply:
    """Give a reply with these verdicts, in order."""
    return says(graded(*verdicts, quote=quote), usage=Usage(100, 10))
