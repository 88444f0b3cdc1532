"""Files that an assistant's code interpreter is given: which of them orch uploaded, and from what.

A file knows neither its path nor its content's hash (API facts 2.1), and an assistant holds ids only. So the assistant
says it beside its record, in `orch.code` (continued in `orch.code.2` and on): a line a file, its id, the SHA-256 of its
content (base64) and its label.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.model.fields import Fields
from orchestrator.model.ownership import MAX_VALUE, PREFIX

FILES = "tools.code_interpreter.files"
"""The field: SHA-256 (hex) by label, `{"data/orders.csv": "9f86…"}`."""
MOST = 20
"""Files that a code interpreter is given (API facts 4.1)."""
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file that orch uploaded."""

    id: str
    sha256: str
    """In hex."""


def to_pairs(files: Mapping[str, CodeFile]) -> dict[str, str]:
    """Give the metadata pairs that say which files are whose."""
    text = "\n".join(f"{file.id} {_short(file.sha256)} {_in_a_line(label)}" for label, file in sorted(files.items()))
    return {_key(number): text[at : at + MAX_VALUE] for number, at in enumerate(range(0, len(text), MAX_VALUE), 1)}


def from_pairs(metadata: Mapping[str, str]) -> dict[str, CodeFile]:
    """Read what `to_pairs` wrote, by label; what somebody has cut or edited by hand is left out, never an error."""
    text, number = "", 1
    while (part := metadata.get(_key(number))) is not None:
        text, number = text + part, number + 1
    found = {}
    for line in text.split("\n"):
        id, _, rest = line.partition(" ")
        short, _, label = rest.partition(" ")
        try:
            hash, label = base64.urlsafe_b64decode(f"{short}=").hex(), str(json.loads(f'"{label}"'))
        except ValueError:
            continue
        if id and label:
            found[label] = CodeFile(id, hash)
    return found


def count_pairs(fields: Fields) -> int:
    """Give how many pairs the record of an assistant's files needs at most."""
    files = fields.get(FILES) or {}
    return len(to_pairs({label: CodeFile("x" * _LONGEST_ID, sha256) for label, sha256 in files.items()}))


def _short(sha256: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def _in_a_line(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)[1:-1]


def _key(number: int) -> str:
    return f"{PREFIX}code" if number == 1 else f"{PREFIX}code.{number}"
