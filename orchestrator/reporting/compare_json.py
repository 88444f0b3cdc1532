"""A comparison of two test reports for programs: the format `orch.compare/1`."""

from typing import Any

from orchestrator.reporting.characters import storable
from orchestrator.scenario.comparison import Comparison, Measure, Paired, Tier
from orchestrator.scenario.reports import ReportedScenario, RunReport

FORMAT = "orch.compare/1"


def compare_json(comparison: Comparison) -> dict[str, Any]:
    """Give the comparison as JSON data; medians are null where a report does not know the measure."""
    together = comparison.together
    data: dict[str, Any] = storable(
        {
            "format": FORMAT,
            "before": _report(comparison.before),
            "after": _report(comparison.after),
            "confidence": comparison.confidence,
            "regressed": comparison.regressed,
            "summary": {
                **{str(tier): comparison.count(tier) for tier in Tier},
                "new": len(comparison.new),
                "missing": len(comparison.missing),
                "unjudged": len(comparison.unjudged),
            },
            "together": {
                "tier": str(together.tier),
                "test": together.test,
                "p_value": together.p_value,
                "fell": together.fell,
                "rose": together.rose,
            },
            "measures": {
                str(measure): {
                    "scenarios": shift.scenarios,
                    "before": shift.medians.before,
                    "after": shift.medians.after,
                    "p_value": shift.p_value,
                }
                for measure, shift in comparison.shifts.items()
            },
            "scenarios": [_paired(each) for each in comparison.paired],
            "new": list(comparison.new),
            "missing": list(comparison.missing),
            "unjudged": [{"name": name, "before": a, "after": b} for name, a, b in comparison.unjudged],
        }
    )
    return data


def _report(report: RunReport) -> dict[str, str]:
    return {"project": report.project, "target": report.target}


def _paired(paired: Paired) -> dict[str, Any]:
    changes = {measure: paired.medians.get(measure) for measure in Measure}
    return {
        "name": paired.name,
        "tier": str(paired.tier),
        "p_value": paired.p_value,
        "adjusted_p_value": paired.adjusted,
        "can_tell": paired.can_tell,
        "before": _side(paired.before) | {str(m): change.before if change else None for m, change in changes.items()},
        "after": _side(paired.after) | {str(m): change.after if change else None for m, change in changes.items()},
    }


def _side(scenario: ReportedScenario) -> dict[str, Any]:
    passed, judged = scenario.counts
    return {"status": scenario.status, "passed": passed, "judged": judged, "attempts": len(scenario.attempts)}
