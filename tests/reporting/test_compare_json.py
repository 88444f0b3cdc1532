"""A comparison for scripts: counts, p-values and medians of every scenario."""

import json

from orchestrator.reporting.compare_json import compare_json
from tests.reporting.comparing import a_comparison


def test_the_format():
    data = compare_json(a_comparison())
    assert {key: data[key] for key in ("format", "before", "after", "confidence", "regressed", "summary")} == {
        "format": "orch.compare/1",
        "before": {"project": "tutoring", "target": "local"},
        "after": {"project": "tutoring", "target": "foundry"},
        "confidence": 0.95,
        "regressed": True,
        "summary": {"regression": 1, "improvement": 1, "noise": 3, "new": 1, "missing": 2, "unjudged": 1},
    }
    assert [each["name"] for each in data["scenarios"]] == ["same", "worse", "better", "bit", "few"]
    worse = data["scenarios"][1]
    assert 0.0030 < worse.pop("p_value") < 0.0031 < worse.pop("adjusted_p_value") < 0.0063
    assert worse == {
        "name": "worse",
        "tier": "regression",
        "can_tell": True,
        "before": {
            "status": "passed",
            "passed": 10,
            "judged": 10,
            "attempts": 10,
            "latency_ms": 400,
            "tokens": 75,
            "cost_usd": None,
        },
        "after": {
            "status": "failed",
            "passed": 3,
            "judged": 10,
            "attempts": 10,
            "latency_ms": 500,
            "tokens": 90,
            "cost_usd": None,
        },
    }
    assert data["together"] | {"tier": "noise", "fell": 3, "rose": 1} == data["together"]
    assert data["measures"]["latency_ms"] == {"scenarios": 4, "before": 400, "after": 500, "p_value": 0.125}
    assert data["unjudged"] == [{"name": "down", "before": "passed", "after": "errored"}]
    assert json.loads(json.dumps(data, allow_nan=False)) == data
