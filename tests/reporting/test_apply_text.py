from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action
from orchestrator.reporting.apply_text import apply_text
from tests.reconcile.building import address


def text(*outcomes, **more):
    return apply_text(Applied("tutoring", "local", outcomes, **more)).plain


def test_a_line_a_change_and_one_that_sums_up():
    outcomes = [
        Outcome(address("vector_store.papers"), Action.CREATE, Status.APPLIED, "vs_1"),
        Outcome(address("assistant.a"), Action.UPDATE, Status.APPLIED, "asst_1"),
        Outcome(address("assistant.b"), Action.DELETE, Status.APPLIED, "asst_2"),
        Outcome(address("assistant.c"), Action.CREATE, Status.FAILED, "asst_3", "model: asked for 'a'", "look there"),
        Outcome(address("assistant.d"), Action.CREATE, Status.SKIPPED, None, "it depends on assistant.c"),
        Outcome(address("assistant.e"), Action.DELETE, Status.BLOCKED, "asst_5", "protected: do this"),
    ]
    assert (
        text(*outcomes, noop=3, requests=9)
        == """\
  + vector_store.papers  vs_1  created
  ~ assistant.a  asst_1  updated
  - assistant.b  asst_2  deleted
  ! assistant.c  asst_3  create failed: model: asked for 'a'
      hint: look there
  ! assistant.d  create skipped: it depends on assistant.c
  ! assistant.e  asst_5  delete blocked: protected: do this

Applied: 1 created, 1 updated, 1 deleted. 3 unchanged.
Not applied: 1 failed, 1 blocked, 1 skipped.
9 requests"""
    )


def test_nothing_to_do():
    assert text(noop=3, requests=2) == "Nothing to do: 3 resources are as declared.\n2 requests"


def test_an_interruption_says_how_to_go_on():
    done = Outcome(address("assistant.a"), Action.REPLACE, Status.APPLIED, "asst_1")
    shown = text(done, interrupted=True).splitlines()
    assert shown[2] == "Interrupted: what was under way is finished; apply again to continue."
    assert shown[3] == "Applied: 0 created, 0 updated, 1 replaced, 0 deleted. 0 unchanged."


def test_a_targets_error_cannot_steer_the_terminal():
    assert "\x1b" not in text(Outcome(address("assistant.a"), Action.CREATE, Status.FAILED, None, "\x1b[2J", "\x1b"))
