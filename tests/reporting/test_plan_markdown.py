import re

from orchestrator.model.address import Address, Kind
from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.drift import Drift, Drifted, DriftedField
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action, Change, FieldChange, Leftover, Plan, Who
from orchestrator.reporting.plan_markdown import apply_markdown, drift_markdown, plan_markdown
from tests.reconcile.building import address, applied, assistant, planned, project, searcher, store
from tests.reporting.test_markdown import HOSTILE

MOST = 65_536
TUTOR = address("assistant.tutor")


def numbered(number: int) -> Address:
    return Address(Kind.ASSISTANT, f"a{number}")


def outside_of_fences(text: str) -> str:
    return re.sub(r"^(`{3,})[a-z]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def made(*changes: Change, **more) -> str:
    return plan_markdown(Plan("tutoring", "local", changes, **more))


def test_counts_then_what_destroys_or_breaks_then_the_rest_folded():
    text = made(
        Change(address("assistant.new"), Action.CREATE, fields=(FieldChange("model", None, "m", Who.SPEC),)),
        Change(TUTOR, Action.UPDATE, id="asst_1", fields=(FieldChange("model", "a", "b", Who.OUTSIDE),)),
        Change(
            address("assistant.quiz"),
            Action.UPDATE,
            id="asst_2",
            fields=(FieldChange("tools.q.parameters", {"properties": {"n": {}}}, {"properties": {}}, Who.SPEC),),
        ),
        Change(address("assistant.old"), Action.DELETE, id="asst_3"),
        leftovers=(Leftover(address("assistant.left"), "asst_9"),),
    )
    places = [text.index(word) for word in ("| create |", "assistant.old", "assistant.quiz", "assistant.tutor", ".new")]
    assert places == sorted(places)
    assert "- **breaking** <code>tools.q.parameters</code>: <code>parameter n is gone</code>" in text
    assert text.count("<details>") == text.count("</details>") == 2
    assert '# model (changed outside)\n- "a"\n+ "b"' in text
    assert "--prune" in text


def test_creates_of_real_resources():
    text = plan_markdown(planned(MemoryProvider(), project(searcher("tutor", "papers"), store())))
    assert text.startswith("### orch plan: <code>tutoring</code> on <code>local</code>\n\n**Plan: 2 to create")
    assert "+ [vector_store.papers (known after apply)]" in text


def test_nothing_to_do_is_two_lines():
    text = made(Change(TUTOR, Action.NOOP))
    assert text.endswith("**Nothing to do: 1 resource is as declared.**")


def test_hostile_content_stays_where_it_is_put():
    fields = tuple(FieldChange(f"metadata.{text}", text, f"{text}!", Who.BOTH) for text in HOSTILE)
    fields += tuple(FieldChange(f"metadata.long{text}", text * 30, None, Who.SPEC) for text in HOSTILE)
    schemas = tuple(
        FieldChange("tools.q.parameters", {"properties": {text: {}}}, {"properties": {}}, Who.SPEC) for text in HOSTILE
    )
    text = made(
        Change(TUTOR, Action.UPDATE, id="</code></summary>|`", fields=(*fields, *schemas), blocked_by=HOSTILE[1]),
        Change(address("assistant.b"), Action.CREATE, fields=fields),
        Change(address("assistant.c"), Action.DELETE, id="\n```\n"),
    )
    rest = outside_of_fences(text)
    tags = set(re.findall(r"<[^>]*>?", rest))
    assert tags <= {"<code>", "</code>", "<details>", "</details>", "<summary>", "</summary>", "<b>", "</b>"}
    assert rest.count("<details>") == rest.count("</details>") == 1
    assert "```" not in rest
    assert "@" not in rest
    assert [line for line in rest.split("\n") if line.startswith("|")] == text.split("\n\n")[2].split("\n")


def test_5000_changes_fit_and_the_deletes_come_first():
    change = FieldChange("instructions", "old\n" * 500, "new `````` </details>\n" * 500, Who.SPEC)
    updates = [Change(numbered(n), Action.UPDATE, id=f"asst_{n}", fields=(change,)) for n in range(4900)]
    deletes = [Change(numbered(n), Action.DELETE, id=f"asst_{n}") for n in range(5000, 5100)]
    text = made(*updates, *deletes)
    assert len(text) < MOST
    assert all(f"assistant.a{n}<" in text for n in range(5000, 5100))
    assert text.index("assistant.a5099<") < text.index("assistant.a0<")
    assert re.search(r"and [\d,]+ more; this report is cut", text)
    rest = outside_of_fences(text)
    assert rest.count("<details>") == rest.count("</details>")


def test_outcomes_with_what_failed_first():
    outcomes = (
        Outcome(numbered(1), Action.CREATE, Status.APPLIED, "asst_1"),
        Outcome(numbered(2), Action.UPDATE, Status.FAILED, "asst_2", "refused: ``` </details>", "mend it"),
        Outcome(numbered(3), Action.DELETE, Status.BLOCKED, "asst_3", "protected"),
    )
    text = apply_markdown(Applied("tutoring", "local", outcomes, noop=4, interrupted=True))
    places = [text.index(word) for word in ("| applied |", "a2<", "a3<", "a1<")]
    assert places == sorted(places)
    assert "````\nrefused: ``` </details>\nhint: mend it\n````" in text
    assert "**Interrupted:**" in text
    many = tuple(Outcome(numbered(n), Action.CREATE, Status.FAILED, None, "x" * 9000) for n in range(5000))
    assert len(apply_markdown(Applied("tutoring", "local", many))) < MOST


def test_drift_from_what_is_declared_to_what_is_live():
    field = DriftedField("temperature", desired=0.2, live=0.9, who=Who.OUTSIDE)
    found = Drift("tutoring", "local", (Drifted(TUTOR, "asst_1", (field,)),), clean=1, missing=(numbered(1),))
    text = drift_markdown(found)
    assert "**Drift: 1 field of 1 resource. 1 clean.**" in text
    assert "# temperature (changed outside)\n- 0.2\n+ 0.9" in text
    assert "Declared but not live" in text
    many = tuple(Drifted(numbered(n), None, problem="`|</details>" * 50) for n in range(5000))
    assert len(drift_markdown(Drift("p", "t", many))) < MOST


def test_the_hash_to_approve_is_there_where_there_is_something_to_do():
    provider = MemoryProvider()
    plan = planned(provider, project(assistant()))
    assert f"This plan is <code>{plan.hash[:12]}</code>" in plan_markdown(plan)
    applied(provider, project(assistant()))
    assert "This plan is" not in plan_markdown(planned(provider, project(assistant())))
