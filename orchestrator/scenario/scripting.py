"""From a talk that is over to a model that says the same again. Pure.

What an application heard from a model that is gone is all that is left of it: as rules of a ScriptedModel it answers
the same messages with the same calls and words, so that a migrated project can be tried before it has a model again.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.model.conversation import Said

MOST = 1_000
"""Messages that one model is given answers to; a script that no person can read helps nobody."""
_SYNTAX = re.compile(r"([\\.^$*+?{}\[\]|()])")

Rules = list[dict[str, Any]]
"""Rules as they are written in a spec."""


class Script:
    """What one model said, message by message; of a message that was sent before, the first answer counts."""

    def __init__(self) -> None:
        self._answers: dict[str, Rules] = {}
        self.left_out = 0
        """Messages beyond `MOST`."""

    def add(self, said: Sequence[Said], functions: Collection[str]) -> None:
        """Take in a talk; calls of what is not among `functions` are left out."""
        for each in said:
            pattern = "^" + _SYNTAX.sub(r"\\\1", each.user) + "$"
            rules = list(_rules(pattern, each, functions))
            if not rules or pattern in self._answers:
                continue
            if len(self._answers) == MOST:
                self.left_out += 1
            else:
                self._answers[pattern] = rules

    def to_spec(self, name: str) -> Mapping[str, Any] | None:
        """Give the ScriptedModel of this name; None where it said nothing."""
        rules = [rule for answer in self._answers.values() for rule in answer]
        return {"kind": "ScriptedModel", "name": name, "rules": rules} if rules else None


def _rules(pattern: str, said: Said, functions: Collection[str]) -> Iterator[dict[str, Any]]:
    """Give the rules that answer one message: its calls together, and after them what the assistant said."""
    reply = "\n".join(said.replies).strip()
    calls = [call for call in said.calls if call.name in functions and call.invalid is None]
    if not said.user.strip() or not (reply or calls):
        return
    if calls:
        yield {"user": pattern, "call": [{"name": call.name, "arguments": dict(call.arguments)} for call in calls]}
        yield {"user": pattern, "after": calls[0].name, "reply": reply}
    else:
        yield {"user": pattern, "reply": reply}
