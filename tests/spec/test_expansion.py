"""A scenario with cases loads as one scenario a case, rendered over the case's own variables."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import SpecError
from orchestrator.model.matrix import MOST_CASES
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.spec.expansion import MOST_FAULTY
from orchestrator.spec.loader import Ask, load
from orchestrator.spec.reader import Document
from orchestrator.spec.rendering import Prepared
from orchestrator.spec.shape import shape

HEAD = """
kind: Project
name: p
targets:
  local: {provider: local}
  other: {provider: local, variables: {tone: rough, file: other}}
variables: {tone: kind, big: gpt-5, who: nobody, file: rows}
prices: {gpt-4o: {input: 2, output: 8}, gpt-5: {input: 1, output: 10}}
"""
TUTOR = "kind: Assistant\nname: tutor\nmodel: gpt-4o\n---\n"
BEGIN = "kind: Scenario\nname: s\nassistant: tutor\n"


@pytest.fixture
def loaded(write):
    def scenarios(
        text: str, files: Mapping[str, str] | None = None, target: str | None = None, **variables: str
    ) -> tuple[LocatedScenario, ...]:
        root: Path = write({"orch.yaml": HEAD, "a.yaml": TUTOR + BEGIN + text, **(files or {})})
        return load(Ask(root, root, target, variables)).scenarios

    return scenarios


@pytest.fixture
def told(loaded):
    def problems(text: str, files: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SpecError) as caught:
            loaded(text, files)
        return [str(each) for each in caught.value.diagnostics]

    return problems


def said(scenarios: tuple[LocatedScenario, ...]) -> dict[str, str]:
    return {each.scenario.name: each.scenario.turns[0].user for each in scenarios}


def test_rows_of_a_file_are_variables(loaded):
    found = loaded(
        'data: rows.csv\nturns: [{user: "{{ vars.q }}, {{ vars.tone }}", checks: [contains: "{{ vars.a }}"]}]\n',
        {"rows.csv": "id,q,a\nfirst,What?,That\nsecond,{{ 1 }},b\n"},
    )
    assert said(found) == {"s[first]": "What?, kind", "s[second]": "{{ 1 }}, kind"}
    first, second = found
    assert (first.base, first.case, first.model) == ("s", {"row": "first"}, None)
    assert [each.scenario.turns[0].checks[0].model_dump()["contains"] for each in found] == ["That", "b"]
    assert (second.variables["q"], second.variables["tone"]) == ("{{ 1 }}", "kind")
    assert (first.scenario.data, first.scenario.matrix) == (None, None)
    assert str(first.position) == "a.yaml:5:1"


def test_a_matrix_is_rendered_and_names_models(loaded):
    matrix = 'matrix: {model: [gpt-4o, "{{ vars.big }}"], variables: {n: [1, "{{ vars.tone }} words"]}}\n'
    found = loaded(matrix + 'turns: [{user: "{{ vars.n }}", checks: [{cost_usd: {max: 1}}]}]\n')
    assert said(found) == {
        "s[model=gpt-4o,n=1]": "1",
        "s[model=gpt-4o,n=kind-words]": "kind words",
        "s[model=gpt-5,n=1]": "1",
        "s[model=gpt-5,n=kind-words]": "kind words",
    }
    assert [(each.model, each.price.output) for each in found if each.price] == [("gpt-4o", 8)] * 2 + [
        ("gpt-5", 10)
    ] * 2
    assert found[-1].case == {"model": "gpt-5", "n": "kind words"}
    assert found[0].variables["n"] == 1


def test_a_scenario_without_cases_is_none(loaded):
    [only] = loaded("turns: [user: hi]\n")
    assert (only.base, only.case, only.model, only.target) == ("s", {}, None, "local")


def test_a_rows_values_go_over_all_others_and_fill_them_in(loaded):
    text = """
        variables: {who: "{{ vars.name }} of the class", greeting: "Dear {{ vars.who }}", name: you}
        data: [{id: 1, name: Kim}, {id: 2, who: "{{ vars.big }}"}, {id: 3}]
        turns: [user: "{{ vars.greeting }}"]
    """
    found = loaded(re.sub(r"^ {8}", "", text, flags=re.MULTILINE), who="the command line", name="the command line")
    assert list(said(found).values()) == ["Dear Kim of the class", "Dear gpt-5", "Dear you of the class"]


def test_each_target_has_its_own_cases(loaded):
    files = {"rows.csv": "id\na\n", "other.csv": "id\nb\nc\n"}
    text = 'data: "{{ vars.file }}.csv"\nturns: [user: "{{ vars.id }} {{ vars.tone }}"]\n'
    assert said(loaded(text, files)) == {"s[a]": "a kind"}
    found = loaded(text, files, "other")
    assert (said(found), found[0].target) == ({"s[b]": "b rough", "s[c]": "c rough"}, "other")


def test_a_yaml_file_of_rows_is_no_spec(loaded, told):
    found = loaded("data: below/rows.yaml\nturns: [user: hi]\n", {"below/rows.yaml": "- id: a\n- id: b\n"})
    assert [each.scenario.name for each in found] == ["s[a]", "s[b]"]
    problems = told("data: below/rows.yaml\nturns: [user: hi]\n", {"below/rows.yaml": "- id: [\n"})
    assert len(problems) == 1
    assert problems[0].startswith("below/rows.yaml:2:1: not valid YAML")


def test_a_file_of_specs_is_not_lost_where_it_is_taken_for_data(told):
    assert told("data: a.yaml\nturns: [user: hi]\n") == [
        "a.yaml:1:1: data is a list of rows",
        "a.yaml:5:1: a second document",
    ]


def test_every_part_of_a_scenario_may_differ(loaded):
    text = """
        tags: ["{{ vars.tag }}"]
        data: [{id: 1, tag: smoke, word: a}, {id: 2, tag: slow, word: b}]
        turns:
          - user: hi
            checks: [{any_of: [{contains: "{{ vars.word }}"}, {equals: same}]}, {words: {max: 3}}]
        checks: [{not: {contains: "{{ vars.word }}"}}]
    """
    one, two = [each.scenario for each in loaded(re.sub(r"^ {8}", "", text, flags=re.MULTILINE))]
    assert (one.tags, two.tags) == (["smoke"], ["slow"])
    assert one.turns[0].checks[0] != two.turns[0].checks[0]
    assert one.turns[0].checks[1] is two.turns[0].checks[1]  # what does not differ is held once
    assert one.checks != two.checks


# What is wrong


def test_a_column_that_is_not_there_is_told_with_the_row(told):
    rows = "data: [{id: a, q: x}, {id: b}, {id: c}]\n"
    assert told(rows + 'turns: [user: "{{ vars.q }}"]\n') == [
        "a.yaml:9:19: vars.q is not defined, in [b] (a.yaml:8) and 1 other"
    ]
    assert told(rows + 'turns: [user: "{{ vars.z }}"]\n') == ["a.yaml:9:19: vars.z is not defined"]


def test_a_row_that_breaks_a_check_is_told(told):
    rows = 'data: [{p: a}, {p: "("}]\n'
    [problem] = told(rows + 'turns: [{user: hi, checks: [regex: "{{ vars.p }}"]}]\n')
    assert problem.startswith("a.yaml:9:36: not a regular expression")
    assert problem.endswith(", in [row2] (a.yaml:8)")


def test_what_a_case_refers_to_is_checked(told):
    text = "matrix: {model: [gpt-4o, free]}\nturns: [user: hi]\nchecks: [cost_usd: {max: 1}, tool_called: no]\n"
    assert told(text) == [
        "a.yaml:10:20: there is no price for the model `free` of assistant `tutor`, in [model=free]",
        "a.yaml:10:43: assistant `tutor` has no function `no`",
    ]


def test_each_case_may_have_its_own_assistant(write, told):
    text = BEGIN.replace("assistant: tutor", 'assistant: "{{ vars.a }}"') + "turns: [user: hi]\n"
    root = write({"orch.yaml": HEAD, "a.yaml": TUTOR + text + "data: [{a: tutor}, {a: tutr}]\n"})
    with pytest.raises(SpecError) as caught:
        load(Ask(root, root))
    [problem] = caught.value.diagnostics
    assert (problem.message, problem.hint) == (
        "no Assistant is called `tutr`, in [row2] (a.yaml:9)",
        "did you mean `tutor`?",
    )


def test_everything_is_told_at_once(told):
    found = told("matrix: {model: [], variables: {row: [1], x: [a, a], y: {}}}\ndata: []\nturns: [{usr: hi}]\n")
    assert found == [
        "a.yaml:8:17: `model` must not be empty",
        "a.yaml:8:33: `row` is what reports call the row of a case",
        'a.yaml:8:46: "a" is listed twice',
        "a.yaml:8:57: `y` must be a list",
        "a.yaml:9:7: `data` must not be empty",
        "a.yaml:10:10: unknown key `usr`",
    ]
    assert told("matrix: {}\nturns: [user: hi]\n") == [
        "a.yaml:8:9: the matrix is empty: give `model`, `variables` or both"
    ]
    assert told("data: nothing.csv\nturns: [user: '']\n") == [
        "a.yaml:8:7: there is no file `nothing.csv`",
        "a.yaml:9:15: `user` must not be empty",
    ]


def test_a_problem_of_thousands_of_rows_is_one_problem(told):
    rows = "id,q\n" + "".join(f"r{n},\n" for n in range(1000))
    text = 'data: rows.csv\nturns: [user: "{{ vars.q }}"]\n'
    assert told(text, {"rows.csv": rows}) == ["a.yaml:9:15: `user` must not be empty"]
    [problem] = told(text, {"rows.csv": "id,q\nok,x\n" + rows.removeprefix("id,q\n")})
    assert (
        problem == f"a.yaml:9:15: `user` must not be empty, in [r0] (rows.csv:3) and {MOST_FAULTY - 1} others or more"
    )


def test_a_name_does_not_differ_from_case_to_case(write):
    text = BEGIN.replace("name: s", 'name: "s{{ vars.n }}"') + "data: [{n: 1}, {n: 2}]\nturns: [user: hi]\n"
    root = write({"orch.yaml": HEAD, "a.yaml": TUTOR + text})
    with pytest.raises(SpecError, match="the name of a scenario may not differ from case to case"):
        load(Ask(root, root))


def test_two_scenarios_of_one_name_are_told_once(write):
    text = BEGIN + "data: [{n: 1}, {n: 2}]\nturns: [user: hi]\n"
    root = write({"orch.yaml": HEAD, "a.yaml": f"{TUTOR}{text}---\n{text}"})
    with pytest.raises(SpecError) as caught:
        load(Ask(root, root))
    assert [each.message for each in caught.value.diagnostics] == ["two specs of kind Scenario are called `s`"]


def test_ten_thousand_rows_are_ten_thousand_scenarios(loaded):
    rows = "id,q\n" + "".join(f"r{n},question {n}\n" for n in range(MOST_CASES))
    found = loaded('data: rows.csv\nturns: [{user: "{{ vars.q }}", checks: [contains: x]}]\n', {"rows.csv": rows})
    assert len({each.scenario.name for each in found}) == MOST_CASES
    assert found[-1].scenario.turns[0].user == f"question {MOST_CASES - 1}"
    assert len({id(each.scenario.turns[0].checks[0]) for each in found}) == 1


LEAVES = st.sampled_from(["plain", "{{ vars.x }}", "a {{ vars.x }} b"])
CHECKS = st.recursive(
    st.one_of(
        st.builds(lambda text: {"contains": text}, LEAVES),
        st.builds(lambda text: {"contains_any": [text, "b"]}, LEAVES),
        st.builds(lambda text: {"tool_called": {"name": "f", "arguments": {"a": [text, 1]}}}, LEAVES),
        st.builds(lambda text: {"json": {"schema": {"const": text}, "path": "a"}}, LEAVES),
        st.just({"max_calls": 3}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda check: {"not": check}, inner),
        st.builds(lambda checks: {"all_of": checks}, st.lists(inner, min_size=1)),
    ),
    max_leaves=4,
)
WEIGHED = st.builds(lambda text: {"starts_with": text, "weight": 2.0}, LEAVES)
MOCKS = st.dictionaries(
    st.sampled_from(["f", "g"]),
    st.one_of(
        st.builds(lambda text: {"returns": {"a": text}}, LEAVES),
        st.builds(lambda text: [{"error": text, "when": {"schema": {"const": text}}}, {"returns": None}], LEAVES),
        st.just({"sequence": [{"returns": 1}], "then": "repeat_last"}),
    ),
)
TURNS = st.lists(
    st.fixed_dictionaries(
        {"user": LEAVES}, optional={"checks": st.lists(st.one_of(CHECKS, WEIGHED), max_size=3), "mocks": MOCKS}
    ),
    min_size=1,
    max_size=3,
)
SCENARIOS = st.fixed_dictionaries(
    {"kind": st.just("Scenario"), "name": st.just("s"), "assistant": st.just("tutor"), "turns": TURNS},
    optional={
        "checks": st.lists(CHECKS, max_size=2),
        "mocks": MOCKS,
        "tags": st.lists(LEAVES),
        "variables": st.dictionaries(st.just("v"), LEAVES),
        "repeat": st.just({"max": 20, "require": 0.8}),
    },
)


@given(SCENARIOS, st.lists(st.sampled_from(["1", "2", "three"]), min_size=2, max_size=4))
def test_sharing_what_does_not_differ_changes_nothing(data, values):
    document = Document(Path("s.yaml"), "s.yaml", data, {}, ())
    sharing = Prepared(document, data, Scenario.LATER)
    for number, value in enumerate(values):
        context = {"vars": {"x": value}}
        plain = shape(document, Scenario, Prepared(document, data, Scenario.LATER).render(context)[0])
        assert isinstance(plain, Scenario)
        shared = (
            shape(document, Scenario, sharing.render(context)[0]) if not sharing.is_constant or not number else plain
        )
        assert shared == plain
        assert plain.model_dump() == Scenario.model_validate(plain).model_dump()
        if not number:
            sharing.share(plain)
