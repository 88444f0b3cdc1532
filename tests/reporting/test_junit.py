"""The JUnit report has the published shape, and is XML whatever was said."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from orchestrator.reporting.junit import junit_xml
from orchestrator.scenario.results import Run
from tests.reporting.cases import as_case
from tests.reporting.counting import counted
from tests.reporting.repeats import played
from tests.reporting.replaying import replayed

# Element to its attributes (required ones with !) and children, after Jenkins' xunit-plugin junit-10.xsd; `file` and
# `line` of a test case and the properties in it are the two additions.
SHAPE: dict[str, tuple[str, str]] = {
    "testsuites": ("name time tests failures errors", "testsuite"),
    "testsuite": ("name! tests! failures! errors! time skipped", "properties testcase"),
    "testcase": ("name! time classname file line", "properties skipped error failure system-out system-err"),
    "properties": ("", "property"),
    "property": ("name! value!", ""),
    "failure": ("type message", ""),
    "error": ("type message", ""),
    "skipped": ("type message", ""),
}


def parsed(run: Run) -> ET.Element:
    text = junit_xml(run, project="tutoring", target="local")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    return ET.fromstring(text.encode())


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def properties(element: ET.Element) -> dict[str, str]:
    return {p.attrib["name"]: p.attrib["value"] for p in element.findall("properties/property")}


def test_the_shape(a_run):
    for element in parsed(a_run).iter():
        attributes, children = SHAPE[element.tag]
        known = attributes.replace("!", "").split()
        assert set(element.attrib) <= set(known)
        assert {name[:-1] for name in attributes.split() if name.endswith("!")} <= set(element.attrib)
        assert {child.tag for child in element} <= set(children.split())
        for number in ("time", "tests", "failures", "errors", "skipped"):
            float(element.attrib.get(number, "0"))


def test_counts_and_properties(a_run):
    root = parsed(a_run)
    [suite] = root
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["errors"], suite.attrib["skipped"]) == (
        "5",
        "2",
        "1",
        "1",
    )
    assert (suite.attrib["name"], suite.attrib["time"], properties(suite)["target"]) == ("tutoring", "1.234", "local")
    quiz = cases(root)["quiz"]
    assert properties(quiz) == {
        "target": "local",
        "turns": "1",
        "requests": "3",
        "tokens": "75",
        "input_tokens": "69",
        "output_tokens": "6",
    }
    assert quiz.attrib == {
        "name": "quiz",
        "classname": "tutoring.math-tutor",
        "time": "0.041",
        "file": "specs/quiz.yaml",
        "line": "1",
    }
    assert [child.tag for child in quiz] == ["properties"]


@pytest.mark.parametrize(
    ("name", "tag", "kind", "message", "story"),
    [
        ("papers", "failure", "contains", "turn 2: contains: expected: a reply that contains", "user:      고마워"),
        ("lookup", "failure", "call", "turn 1: lookup_order was called and has no mock", "call:      lookup_order("),
        ("busy", "error", "target", "turn 1: too many requests", "hint:      try again later"),
    ],
)
def test_what_did_not_pass_tells_its_story(a_run, name, tag, kind, message, story):
    case = cases(parsed(a_run))[name]
    found = case.find(tag)
    assert found is not None
    assert found.attrib["type"] == kind
    assert found.attrib["message"].startswith(message)
    assert "\n" not in found.attrib["message"]
    assert found.text
    assert found.text.startswith(f"{case.attrib['file']}:{case.attrib['line']}\n  turn 1 of")
    assert story in found.text


def test_what_was_not_run_is_skipped(a_run):
    skipped = cases(parsed(a_run))["later"].find("skipped")
    assert skipped is not None
    assert "not run" in skipped.attrib["message"]


def test_any_text_becomes_valid_xml(a_run):
    failed = a_run.results[1]
    turn = failed.attempts[0].turns[1]
    everything = "".join(map(chr, [*range(0x100), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x1F600])) + "]]><&\"'"
    odd = replace(turn, exchange=replace(turn.exchange, user=everything))
    result = replace(failed, attempts=(replace(failed.attempts[0], turns=(odd,)),))
    found = cases(parsed(Run((result,), 1)))["papers"].find("failure")
    assert found is not None
    assert found.text
    assert "]]><&\"'" in found.text
    assert "😀" in found.text


def test_what_was_replayed_says_so(a_run):
    suite = ET.fromstring(junit_xml(replayed(a_run), project="p", target="t"))
    said = [case.find("properties/property[@name='recorded']") is not None for case in suite.iter("testcase")]
    assert said == [True, False, False, False, False, False]


def test_cases_are_properties_and_targets_are_classes(a_run):
    quiz = a_run.results[0]
    root = parsed(Run((as_case(quiz), as_case(quiz, "local")), 1, not_run=(as_case(quiz, "local").located,)))
    server, local, later = root.iter("testcase")
    assert (server.attrib["name"], server.attrib["classname"]) == (
        "quiz[model=gpt-5,row1]",
        "tutoring.server.math-tutor",
    )
    expected = {"base": "quiz", "case.model": "gpt-5", "case.row": "row1", "target": "server"}
    assert properties(server) | expected == properties(server)
    assert [each.attrib["classname"] for each in (local, later)] == ["tutoring.local.math-tutor"] * 2


def test_repeated_attempts_are_properties_and_undecided_is_skipped_not_failed():
    twenty = {"min": 5, "max": 20, "require": 0.8}
    root = parsed(
        played(failing=(3, "good bad good"), undecided=(twenty, "good good good bad " * 5), down=(2, "down down"))
    )
    [suite] = root
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "errors": "1", "skipped": "1"}
    assert properties(cases(root)["undecided"]) | {
        "status": "inconclusive",
        "attempts": "15",
        "passed": "12",
        "failed": "3",
        "errored": "0",
        "interval": "0.5481 0.9295",
        "confidence": "0.95",
        "required": "0.8",
    } == properties(cases(root)["undecided"])
    skipped = cases(root)["undecided"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"].startswith("inconclusive: 12/15 passed, 95 % interval 0.55-0.93, required 0.8: ")
    assert skipped.text
    assert "attempt 4 of 15 failed" in skipped.text
    failure = cases(root)["failing"].find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("2/3 passed, 95 % interval 0.21-0.94, all required: turn 1: contains: ")
    assert cases(root)["down"].find("error") is not None


def test_undecided_though_all_passed_says_why():
    case = cases(parsed(played(few=({"min": 8, "max": 12, "require": 0.8}, "good " * 12))))["few"]
    skipped = case.find("skipped")
    assert skipped is not None
    assert "12 attempts cannot show a pass rate of 0.8" in skipped.attrib["message"]
    assert skipped.attrib["type"] == "repeat"


def test_what_is_in_quarantine_is_skipped_with_its_reason_and_passes_where_it_passes():
    root = parsed(counted())
    [suite] = root
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "2"}
    skipped = cases(root)["held"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"].startswith(
        "quarantined until 2026-03-01: waits for the vendor (failed: turn 1: contains: expected:"
    )
    assert skipped.text
    assert "assistant: bad" in skipped.text
    good = cases(root)["good"]
    assert [child.tag for child in good] == ["properties", "system-out"]
    assert "take `quarantine` out" in (good.findtext("system-out") or "")
    assert cases(root)["over"].find("failure") is not None
    assert "ended on 2026-02-28" in (cases(root)["over"].findtext("system-out") or "")
    left = cases(root)["left"].find("skipped")
    assert left is not None
    assert left.attrib["message"] == "not run: the budget of $0.0002 is spent"


def test_costs_are_properties_where_they_are_known(a_run):
    root = parsed(counted())
    assert properties(root[0])["cost_usd"] == "0.000300"
    held = properties(cases(root)["held"])
    assert (held["cost_usd"], held["quarantined"], held["taken_over"]) == ("0.000100", "true", "true")
    assert "taken_over" not in properties(cases(root)["good"])
    assert "cost_usd" not in properties(parsed(a_run)[0])
