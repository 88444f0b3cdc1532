"""The parts of README.md and docs/ that are made from the code; `make docs` writes them, a test compares them.

A block stands between `<!-- NAME -->` and `<!-- /NAME -->`.
"""

import re
import sys
from pathlib import Path

from orchestrator.cli.main import COMMANDS
from orchestrator.providers.interface import Capability
from orchestrator.providers.registry import CAPABILITIES
from orchestrator.spec.shape import KINDS

ROOT = Path(__file__).parent.parent
FILES = (ROOT / "README.md", ROOT / "docs" / "specs.md")


def providers() -> str:
    """Give the table of what each provider can do."""
    names = list(CAPABILITIES)
    rows = [["", *names], ["---"] * (len(names) + 1)]
    rows += [[str(each), *("yes" if each in CAPABILITIES[name].can else "no" for name in names)] for each in Capability]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def commands() -> str:
    """Give the table of commands."""
    rows = [f"| `orch {name}` | {text.rstrip('.')} |" for name, text in COMMANDS.items()]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def keys(kind: str) -> str:
    """Give the table of a kind's top-level keys."""
    rows = ["| key | |", "|---|---|"]
    for name, info in KINDS[kind].model_fields.items():
        if name == "kind":
            continue
        needed = "required" if info.is_required() else ""
        text = "; ".join(part for part in (needed, info.description or "") if part)
        rows.append(f"| `{info.alias or name}` | {text} |")
    return "\n".join(rows)


def blocks() -> dict[str, str]:
    """Give every block by its name."""
    return {"providers": providers(), "commands": commands(), **{f"keys {kind}": keys(kind) for kind in KINDS}}


def rewritten(text: str) -> str:
    """Give a page with its blocks made anew."""
    for name, block in blocks().items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = pattern.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)
    return text


def main() -> int:
    """Write the pages."""
    for file in FILES:
        file.write_text(rewritten(file.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
