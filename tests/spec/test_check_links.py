"""What checks refer to exists: prices, functions, schemas, queries, steps, files; else it is told at its place."""

import pytest

from orchestrator.errors import SpecError
from orchestrator.model.project import Project
from orchestrator.spec.loader import Ask, load

HEAD = "kind: Project\nname: p\ntargets: {local: {provider: local}}\n"
REST = """\
kind: Assistant
name: tutor
model: gpt-4o
tools: [code_interpreter, function: quiz, file_search: {vector_stores: [papers]}]
---
kind: Assistant
name: bare
model: other
---
kind: Function
name: quiz
---
kind: VectorStore
name: papers
files: [{path: "*.md"}]
---
kind: Judge
name: strict
model: grader
---
kind: Judge
name: kind
model: grader
criteria: [is kind]
"""


@pytest.fixture
def project(write):
    def loaded(check: str, assistant: str = "tutor", head: str = HEAD) -> Project:
        scenario = (
            f"kind: Scenario\nname: s\nassistant: {assistant}\nturns:\n  - user: hi\n    checks:\n      - {check}\n"
        )
        files = {"a.yaml": scenario, "b.yaml": REST, "gpt.md": "x\n", "checks.py": "def polite(exchanges): ...\n"}
        root = write({"orch.yaml": head, **files})
        return load(Ask(start=root, cwd=root))

    return loaded


@pytest.fixture
def told(project):
    def problems(check: str, assistant: str = "tutor", head: str = HEAD) -> list[tuple[str, str | None]]:
        with pytest.raises(SpecError) as caught:
            project(check, assistant, head)
        return [(str(each), each.hint) for each in caught.value.diagnostics]

    return problems


@pytest.mark.parametrize(
    "check",
    [
        "python: checks:polite",
        "json: {path: 'items[0].id', schema: {type: object, properties: {a: {pattern: '^a'}}}}",
        "steps: [file_search, code_interpreter, quiz, message]",
        "steps: {mode: exact, names: [message]}",
        "trajectory: {mode: exact, calls: [quiz, {name: quiz}]}",
        "parallel: [quiz, quiz]",
        "code: {contains: x}",
        "cites: ./gpt.md",
        "retrieved: {file: gpt.md}",
        "judge: kind",
        "judge: {by: strict, criteria: [is polite]}",
        "judge: {by: strict, also: [is polite]}",
        "not: {any_of: [judge: kind]}",
    ],
)
def test_what_is_there(project, check):
    assert project(check).scenarios


@pytest.mark.parametrize(
    ("check", "place", "message", "hint"),
    [
        ("python: checks:polit", 17, "checks.py defines no `polit`", "did you mean `polite`?"),
        (
            "json: {path: 'items['}",
            22,
            "not a JMESPath query: Incomplete expression",
            "for example items[0].id, or length(items)",
        ),
        (
            "json: {schema: {type: objekt}}",
            31,
            'not valid JSON Schema: "objekt" is no type',
            "write array, boolean, integer, null, number, object or string",
        ),
        (
            "json: {schema: {$ref: 'https://example.org/schema'}}",
            31,
            "'https://example.org/schema' refers to nothing",
            "refer to a definition in this schema: #/$defs/NAME",
        ),
        (
            "json: {schema: {pattern: '('}}",
            34,
            "not a regular expression: missing ), unterminated subpattern at position 0",
            "write it for Python's re",
        ),
        (
            "steps: [message, quizz]",
            26,
            "assistant `tutor` takes no step `quizz`",
            "did you mean `quiz`?",
        ),
        (
            "steps: {mode: exact, names: [xyz]}",
            38,
            "assistant `tutor` takes no step `xyz`",
            "its steps are: file_search, code_interpreter, message, quiz",
        ),
        (
            "trajectory: {mode: exact, calls: [quiz, {name: quizz}]}",
            56,
            "assistant `tutor` has no function `quizz`",
            "did you mean `quiz`?",
        ),
        (
            "trajectory: {mode: exact, calls: [quizz]}",
            43,
            "assistant `tutor` has no function `quizz`",
            "did you mean `quiz`?",
        ),
        ("parallel: [quiz, quizz]", 26, "assistant `tutor` has no function `quizz`", "did you mean `quiz`?"),
        ("not: {tool_called: quizz}", 28, "assistant `tutor` has no function `quizz`", "did you mean `quiz`?"),
        (
            "cites: gptt.md",
            16,
            "assistant `tutor` has no file `gptt.md` in its vector stores",
            "did you mean `gpt.md`?",
        ),
        (
            "retrieved: {file: other.txt}",
            27,
            "assistant `tutor` has no file `other.txt` in its vector stores",
            "it can find: gpt.md",
        ),
        (
            "any_of: [all_of: [cost_usd: {max: 1}]]",
            37,
            "there is no price for the model `gpt-4o` of assistant `tutor`",
            "write in orch.yaml: prices: {gpt-4o: {input: USD, output: USD}}, for a million tokens",
        ),
        ("judge: kin", 16, "no Judge is called `kin`", "did you mean `kind`?"),
        ("judge: {by: tutor, criteria: [a]}", 21, "no Judge is called `tutor`", "there are: kind, strict"),
        ("not: {judge: {by: stric}}", 27, "no Judge is called `stric`", "did you mean `strict`?"),
        (
            "judge: strict",
            16,
            "the judge `strict` has no criteria of its own, and none are given here",
            "write judge: {by: strict, criteria: [...]}, or `criteria` in the Judge",
        ),
    ],
)
def test_what_is_not(told, check, place, message, hint):
    assert told(check) == [(f"a.yaml:7:{place}: {message}", hint)]


@pytest.mark.parametrize("check", ["code: {contains: x}", "cites: a", "retrieved: a", "steps: [file_search]"])
def test_a_built_in_tool_that_a_target_may_have_taken_away_is_left_to_the_run(project, check):
    assert project(check, "bare").scenarios


def test_a_price_goes_with_the_model_of_the_assistant(project, told):
    prices = "prices: {gpt-4o: {input: 2.5, output: 10}}\n"
    [located] = project("cost_usd: {max: 1}", head=HEAD + prices).scenarios
    assert (located.price.input, located.price.output) == (2.5, 10)
    assert located.root is not None
    assert (located.root / "orch.yaml").is_file()
    [(_, hint)] = told("cost_usd: {max: 1}", head=HEAD + prices.replace("4o", "4"))
    assert hint.endswith("; there is one for gpt-4")
    assert project("contains: x").scenarios[0].price is None


def test_files_of_a_store_that_declares_none_are_not_known(write):
    scenario = "kind: Scenario\nname: s\nassistant: tutor\nturns: [{user: hi, checks: [cites: anything.md]}]\n"
    specs = REST.replace('files: [{path: "*.md"}]\n', "")
    root = write({"orch.yaml": HEAD, "a.yaml": scenario, "b.yaml": specs})
    assert load(Ask(start=root, cwd=root)).scenarios


RETURNS = ("docs/en/returns.md", "docs/ko/returns.md", "old/docs/en/returns.md", "docs/prices.md")


@pytest.fixture
def shelved(write):
    def problems(check: str) -> list[tuple[str, str | None]]:
        scenario = f"kind: Scenario\nname: s\nassistant: tutor\nturns: [{{user: hi, checks: [{check}]}}]\n"
        files = {"a.yaml": scenario, "b.yaml": REST.replace("*.md", "**/*.md"), **dict.fromkeys(RETURNS, "x\n")}
        root = write({"orch.yaml": HEAD, **files})
        try:
            load(Ask(start=root, cwd=root))
        except SpecError as error:
            return [(each.message, each.hint) for each in error.diagnostics]
        return []

    return problems


@pytest.mark.parametrize("name", ["ko/returns.md", "docs/ko/returns.md", "prices.md", "./docs/en/returns.md"])
def test_a_file_is_told_by_the_last_parts_of_its_path(shelved, name):
    assert shelved(f"cites: {name}") == shelved(f"retrieved: {{file: {name}}}") == []


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "returns.md",
            "`returns.md` is the name of 3 files",
            "write ./docs/en/returns.md, docs/ko/returns.md or old/docs/en/returns.md",
        ),
        (
            "docs/en/returns.md",
            "`docs/en/returns.md` is the name of 2 files",
            "write ./docs/en/returns.md or old/docs/en/returns.md",
        ),
        (
            "docs/kr/returns.md",
            "assistant `tutor` has no file `docs/kr/returns.md` in its vector stores",
            "did you mean `docs/ko/returns.md`?",
        ),
        (
            "shop/prices.md",
            "assistant `tutor` has no file `shop/prices.md` in its vector stores",
            "did you mean `docs/prices.md`?",
        ),
        (
            "./prices.md",
            "assistant `tutor` has no file `./prices.md` in its vector stores",
            "did you mean `docs/prices.md`?",
        ),
        (
            "xyz.txt",
            "assistant `tutor` has no file `xyz.txt` in its vector stores",
            "it can find: docs/en/returns.md, docs/ko/returns.md, docs/prices.md and old/docs/en/returns.md",
        ),
    ],
)
@pytest.mark.parametrize(
    "check",
    [
        "cites: NAME",
        "not: {retrieved: {file: NAME, within: 3}}",
        "recall: {questions: [{user: hi, file: NAME}]}",
        "recall: {questions: [{user: hi, file: [docs/prices.md, NAME]}]}",
    ],
)
def test_a_name_that_tells_no_file_or_several_is_told(shelved, check, name, message, hint):
    assert shelved(check.replace("NAME", name)) == [(message, hint)]


def test_a_scenario_knows_the_judges_its_checks_ask_and_no_others(project):
    [located] = project("any_of: [judge: kind, not: {judge: kind}]").scenarios
    assert [(name, judge.criteria) for name, judge in located.judges.items()] == [("kind", ["is kind"])]
    assert project("contains: x").scenarios[0].judges == {}


def test_a_judge_that_is_misshapen_is_told_there_and_nowhere_else(write):
    scenario = "kind: Scenario\nname: s\nassistant: tutor\nturns: [{user: hi, checks: [judge: kind]}]\n"
    root = write({"orch.yaml": HEAD, "a.yaml": scenario, "b.yaml": REST.replace("[is kind]", "kind"), "gpt.md": "x\n"})
    with pytest.raises(SpecError) as caught:
        load(Ask(start=root, cwd=root))
    assert [str(each) for each in caught.value.diagnostics] == ["b.yaml:24:11: `criteria` must be a list"]
