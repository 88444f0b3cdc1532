"""A function of the project's own judges; whatever it does, the run goes on."""

import pytest

from orchestrator.scenario.setting import Setting
from tests.scenario.checking import reason, said, verdict

CODE = """\
def has_thanks(exchanges):
    return "thanks" in exchanges[-1].text

def counts(exchanges):
    return len(exchanges) == 2, f"{len(exchanges)} turns"

def scored(exchanges):
    return 0.7

def scored_and_told(exchanges):
    return 0.25, "hardly"

def broken(exchanges):
    total = 0
    return 1 / total

def leaves(exchanges):
    raise SystemExit("bye")

def nothing(exchanges):
    pass

def too_much(exchanges):
    return 1.5

def reads(exchanges):
    return [call.name for call in exchanges[0].calls] == [] and exchanges[0].user == "hi"
"""


@pytest.fixture
def setting(tmp_path):
    (tmp_path / "checks.py").write_text(CODE, encoding="utf-8")
    return Setting(root=tmp_path)


def python(name, **more):
    return {"python": f"checks:{name}", **more}


@pytest.mark.parametrize(
    ("check", "score"),
    [
        (python("has_thanks"), 1),
        (python("counts"), 1),
        (python("scored"), 0.7),
        (python("scored", min=0.7), 0.7),
        (python("scored_and_told", min=0.2), 0.25),
        (python("reads"), 1),
    ],
)
def test_holds(check, score, setting):
    given = verdict(check, said("hello"), said("thanks"), setting=setting)
    assert (given.passed, given.score, given.check) == (True, score, "python"), given.reason
    turned = verdict({"not": check}, said("hello"), said("thanks"), setting=setting)
    assert (turned.passed, turned.score) == (False, 1 - score)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (python("has_thanks"), "expected: checks:has_thanks to say True\ngot:      checks:has_thanks says False"),
        (python("counts"), "expected: checks:counts to say True\ngot:      1 turns"),
        (python("scored", min=0.8), "expected: a score of 0.8 or more\ngot:      0.7: checks:scored says 0.7"),
        (python("scored_and_told"), "expected: a score of 0.5 or more\ngot:      0.25: hardly"),
    ],
)
def test_does_not_hold(check, why, setting):
    assert reason(check, said("no"), setting=setting) == why
    assert verdict({"not": check}, said("no"), setting=setting).passed


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (python("broken"), "checks:broken could not judge: checks.py:15: ZeroDivisionError: division by zero"),
        (python("leaves"), "checks:leaves could not judge: checks.py:18: SystemExit: bye"),
        (python("nothing"), "checks:nothing returned None\nreturn True or False"),
        (python("too_much"), "checks:too_much returned 1.5\nreturn True or False"),
        (python("gone"), "checks:gone could not judge: checks.py: AttributeError: module"),
    ],
)
def test_a_function_that_cannot_say_fails_either_way(check, why, setting):
    assert reason(check, said("a"), setting=setting).startswith(why)
    assert reason({"not": check}, said("a"), setting=setting).startswith(why)


def test_outside_a_project_there_is_no_function():
    assert "none is known here" in reason(python("has_thanks"), said("thanks"))
