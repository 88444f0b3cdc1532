"""What a plan asks, in every format, whatever a target calls its objects."""

import json
import shlex

from orchestrator.reconcile.plan import Adoptable, Plan, Rename
from orchestrator.reporting.plan_json import plan_json
from orchestrator.reporting.plan_markdown import plan_markdown
from orchestrator.reporting.plan_text import plan_text
from tests.reconcile.building import address

A, B = address("assistant.a"), address("assistant.b")
ID = "asst_1; rm -rf ~ `x`\x1b[2J"
PLAN = Plan("shop", "local", (), renames=(Rename(A, B),), adoptable=(Adoptable(B, ID),))


def test_as_text():
    text = plan_text(PLAN).plain
    assert "did you rename assistant.a to assistant.b?" in text
    assert "      moved:\n        - {from: assistant.a, to: assistant.b}\n" in text
    assert "\x1b" not in text
    command = next(line for line in text.split("\n") if "orch import" in line)
    assert shlex.split(command) == ["orch", "import", f"assistant.b={ID}".replace("\x1b", "\\x1b"), "--into", "."]


def test_as_markdown():
    text = plan_markdown(PLAN)
    assert "```yaml\nmoved:\n  - {from: assistant.a, to: assistant.b}\n```" in text
    assert "```sh\norch import 'assistant.b=asst_1; rm -rf ~ `x`\\x1b[2J' --into .\n```" in text
    assert text.index("moved:") < text.index("orch import")


def test_as_json():
    assert json.loads(json.dumps(plan_json(PLAN)))["remarks"] == [
        {
            "remark": "did you rename assistant.a to assistant.b?",
            "moved": {"from": "assistant.a", "to": "assistant.b"},
        },
        {
            "remark": "is assistant.b the one that is live as asst_1; rm -rf ~ `x`\\x1b[2J? "
            "Nobody owns that, and it is as declared",
            "import": f"assistant.b={ID}",
        },
    ]


def test_a_plan_without_any_says_nothing():
    plan = Plan("shop", "local", ())
    assert "Remarks" not in plan_text(plan).plain
    assert plan_json(plan)["remarks"] == []
