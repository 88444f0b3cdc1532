from orchestrator.reconcile.drift import Drift, Drifted, DriftedField
from orchestrator.reconcile.plan import Who
from orchestrator.reporting.drift_json import drift_json
from orchestrator.reporting.drift_text import drift_text
from tests.reconcile.building import address

TUTOR = address("assistant.tutor")
SCHEMA: dict[str, object] = {"properties": {"a": {}}}
FIELDS = (
    DriftedField("temperature", 0.2, 0.9, Who.OUTSIDE),
    DriftedField("description", "ours", None, Who.BOTH),
    DriftedField("tools.q.parameters", SCHEMA, {"properties": {}}, Who.OUTSIDE),
)


def test_the_way_a_field_went_is_from_the_spec_to_the_target():
    drift = Drift("p", "local", (Drifted(TUTOR, "asst_1", FIELDS),), 2, (address("assistant.gone"),), requests=2)
    assert (
        drift_text(drift).plain
        == """\
Changed outside: declared -> live
  ~ assistant.tutor  asst_1
      ~ temperature: 0.2 -> 0.9  (changed outside)
      - description: "ours"  (changed in the spec and outside)
      ~ tools.q.parameters: {"properties": {"a": {}}} -> {"properties": {}}  (changed outside)
        breaking: parameter a is gone

Drift: 3 fields of 1 resource. 2 clean.
Declared but not live (never applied, or deleted outside): assistant.gone; `orch plan` shows the create.
`orch accept ADDRESS` takes a change into the specs; `orch apply` takes it back.
2 requests"""
    )


def test_no_drift_is_two_lines():
    assert drift_text(Drift("p", "local", (), 1, requests=2)).plain == "No drift: 1 live resource compared.\n2 requests"


def test_the_json():
    drift = Drift("p", "local", (Drifted(TUTOR, "asst_1", FIELDS[1:]), Drifted(TUTOR, None, problem="two")), 2, (), 3)
    assert drift_json(drift) == {
        "format": "orch.drift/1",
        "project": "p",
        "target": "local",
        "summary": {"drifted": 2, "clean": 2, "missing": 0},
        "resources": [
            {
                "address": "assistant.tutor",
                "id": "asst_1",
                "problem": None,
                "fields": [
                    {"path": "description", "desired": "ours", "live": None, "who": "both"},
                    {
                        "path": "tools.q.parameters",
                        "desired": SCHEMA,
                        "live": {"properties": {}},
                        "who": "outside",
                        "breaking": True,
                        "breaking_reason": "parameter a is gone",
                    },
                ],
            },
            {"address": "assistant.tutor", "id": None, "problem": "two", "fields": []},
        ],
        "missing": [],
        "requests": {"total": 3},
    }
