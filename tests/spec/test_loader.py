"""A project is found, resolved for one target, or refused with everything that is wrong with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import NoProjectError, SpecError
from orchestrator.model.address import Address
from orchestrator.model.project import Project
from orchestrator.spec.loader import Ask, load, load_head

HEAD = "kind: Project\nname: p\ntargets:\n  local: {provider: local}\n"
TUTOR = "kind: Assistant\nname: tutor\nmodel: gpt-4o\n"
ROOT = Path(__file__).parent.parent.parent


def loaded(root: Path, **more: Any) -> Project:
    return load(Ask(start=root, cwd=root, **more))


def refused(root: Path, start: str = ".", **more: Any) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        load(Ask(start=Path(start), cwd=root, **more))
    return list(caught.value.diagnostics)


def told(root: Path, **more: Any) -> list[str]:
    return [str(each) for each in refused(root, **more)]


def fields(project: Project, address: str) -> Mapping[str, Any]:
    return project.resources[Address.parse(address)].fields


# Finding the project


@pytest.mark.parametrize("start", [".", "orch.yaml", "deep", "deep/er", "deep/er/tutor.yaml"])
def test_the_project_is_found_upward(write, start):
    root = write({"orch.yaml": HEAD, "deep/er/tutor.yaml": TUTOR})
    assert load(Ask(start=Path(start), cwd=root)).root == root


def test_an_empty_folder_is_no_project(tmp_path):
    with pytest.raises(NoProjectError) as caught:
        loaded(tmp_path)
    (found,) = caught.value.diagnostics
    assert (str(found), found.hint) == (
        "orch.yaml:1:1: no orch.yaml here or above",
        "run `orch init DIR` to begin a project",
    )


def test_a_project_one_folder_below_is_named(write):
    root = write({"specs/orch.yaml": HEAD})
    assert [each.hint for each in refused(root)] == ["give its folder: specs/"]


def test_a_path_that_does_not_exist(tmp_path):
    assert [str(each) for each in refused(tmp_path, "nope")] == ["nope:1:1: there is no such file or folder"]


def test_a_project_without_specs(write):
    (found,) = refused(write({"orch.yaml": HEAD}))
    assert str(found) == "orch.yaml:1:1: the project declares nothing yet"


def test_a_project_within_is_another_project(write):
    root = write({"orch.yaml": HEAD, "a.yaml": TUTOR, "inner/orch.yaml": HEAD, "inner/b.yaml": TUTOR})
    assert loaded(root).resources.keys() == {Address.parse("assistant.tutor")}
    assert loaded(root / "inner").root == root / "inner"


# The project file


def test_a_second_project(write):
    root = write({"orch.yaml": f"{HEAD}---\n{HEAD}", "other.yaml": HEAD, "tutor.yaml": TUTOR})
    assert told(root) == ["orch.yaml:6:7: a second Project", "other.yaml:1:7: a second Project"]


@pytest.mark.parametrize("head", ["", "# nothing yet\n", "- a\n", TUTOR])
def test_no_project_in_the_project_file(write, head):
    assert told(write({"orch.yaml": head})) == ["orch.yaml:1:1: no document of kind Project"]


def test_a_broken_document_beside_a_project_that_is_fine(write):
    root = write({"orch.yaml": f"{HEAD}---\nkind: Assistant\nname: [\n", "b.yaml": "kind: Assistant\nname: b\n"})
    missing, broken = told(root)
    assert missing == "b.yaml:1:1: `model` is missing"
    assert broken.startswith("orch.yaml:8:1: not valid YAML: ")


def test_files_are_read_even_where_the_project_is_broken(write):
    root = write({"orch.yaml": "kind: Project\nname: P\n", "a.yaml": "a: 1\na: 2\n"})
    assert told(root) == [
        "a.yaml:2:1: duplicate key `a`",
        "orch.yaml:1:1: `targets` is missing",
        "orch.yaml:2:7: `name` may not be 'P'",
    ]


def test_only_the_files_that_are_asked_for(write):
    head = f"{HEAD}specs: [a/*.yaml, b.yaml]\n"
    root = write({"orch.yaml": head, "a/tutor.yaml": TUTOR, "b.yaml": TUTOR.replace("tutor", "b"), "c.yaml": "{"})
    assert {str(address) for address in loaded(root).resources} == {"assistant.tutor", "assistant.b"}


def test_a_spec_file_that_does_not_exist(write):
    (found,) = refused(write({"orch.yaml": f"{HEAD}specs: [tutr.yaml, '*.yml']\n", "tutor.yaml": TUTOR}))
    assert (str(found), found.hint) == (
        "orch.yaml:5:9: there is no file `tutr.yaml`",
        "paths are relative to orch.yaml",
    )


def test_a_spec_file_that_leads_outside(write, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "a.yaml"
    outside.write_text(TUTOR)
    root = write({"orch.yaml": HEAD, "tutor.yaml": TUTOR})
    (root / "link.yaml").symlink_to(outside)
    assert told(root) == ["link.yaml:1:1: a spec file outside the project"]


# Kinds


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("name: a\n", "1:1: no `kind`", "say what it is: "),
        ("kind: Asistant\n", "1:7: unknown kind `Asistant`", "did you mean `Assistant`?"),
        (
            "kind: Pod\n",
            "1:7: unknown kind `Pod`",
            "known: Assistant, Function, VectorStore, Scenario, Knowledge, Judge, ScriptedModel",
        ),
        ("kind: 5\n", "1:7: `kind` must be text", "write one of Assistant, "),
        ("- kind: Assistant\n", "1:1: a spec is a mapping", "begin it with `kind:`"),
    ],
)
def test_what_is_no_spec(write, text, message, hint):
    (found,) = refused(write({"orch.yaml": HEAD, "a.yaml": text}))
    assert str(found) == f"a.yaml:{message}"
    assert found.hint is not None
    assert found.hint.startswith(hint)


# Targets and variables

TARGETS = """\
kind: Project
name: p
default_target: dev
variables: {tone: kind, greeting: "Be {{ vars.tone }}"}
env: [TEAM]
targets:
  dev: {provider: local}
  prod:
    provider: assistants
    base_url: "https://{{ vars.host }}/v1"
    variables: {tone: formal, host: example.com}
    overrides:
      assistant.tutor: {model: gpt-5, description: null}
"""
TEMPLATED = f"{TUTOR}description: dev\ninstructions: '{{{{ vars.greeting }}}} on {{{{ target.name }}}}'\n"


def test_the_default_target(write):
    project = loaded(write({"orch.yaml": TARGETS, "tutor.yaml": TEMPLATED}))
    assert project.target_name == "dev"
    assert fields(project, "assistant.tutor") == {
        "display_name": "tutor",
        "description": "dev",
        "model": "gpt-4o",
        "instructions": "Be kind on dev",
    }


def test_another_target(write):
    project = loaded(write({"orch.yaml": TARGETS, "tutor.yaml": TEMPLATED}), target="prod")
    assert project.target.base_url == "https://example.com/v1"
    assert str(project.target_position) == "orch.yaml:8:3"
    assert fields(project, "assistant.tutor") == {
        "display_name": "tutor",
        "model": "gpt-5",
        "instructions": "Be formal on prod",
    }


def test_variables_of_the_command_come_first(write):
    root = write({"orch.yaml": TARGETS, "tutor.yaml": TEMPLATED})
    project = loaded(root, target="prod", variables={"tone": "short"})
    assert fields(project, "assistant.tutor")["instructions"] == "Be short on prod"


def test_an_unknown_target(write):
    root = write({"orch.yaml": TARGETS, "tutor.yaml": TEMPLATED})
    (found,) = refused(root, target="prd")
    assert (found.message, found.hint) == ("no target is called `prd`", "did you mean `prod`?")


def test_a_default_target_that_does_not_exist(write):
    (found,) = refused(write({"orch.yaml": TARGETS.replace("default_target: dev", "default_target: develop")}))
    assert (str(found), found.hint) == ("orch.yaml:3:17: no target is called `develop`", "did you mean `dev`?")


def test_no_default_target(write):
    (found,) = refused(write({"orch.yaml": TARGETS.replace("default_target: dev\n", "")}))
    assert str(found) == "orch.yaml:6:3: no target is called `local`, and there is no default_target"
    assert found.hint == "say which one is meant without --target: default_target: dev"


@pytest.mark.parametrize(
    ("env", "expected"), [({"TEAM": "red", "HOME": "/x"}, "red"), ({"HOME": "/x"}, "env.TEAM is not defined")]
)
def test_the_environment_as_far_as_it_is_listed(write, env, expected):
    root = write({"orch.yaml": TARGETS, "tutor.yaml": f"{TUTOR}description: '{{{{ env.TEAM }}}}'\n"})
    if expected == "red":
        assert fields(loaded(root, env=env), "assistant.tutor")["description"] == "red"
    else:
        assert [each.message for each in refused(root, env=env)] == [expected]


def test_the_rest_of_the_environment_is_not_seen(write):
    root = write({"orch.yaml": TARGETS, "tutor.yaml": f"{TUTOR}description: '{{{{ env.HOME }}}}'\n"})
    (found,) = refused(root, env={"HOME": "/secret"})
    assert str(found) == "tutor.yaml:4:18: env.HOME is not defined"
    assert "/secret" not in repr(found)


def test_variables_in_a_circle(write):
    head = f"{HEAD}variables:\n  a: '{{{{ vars.b }}}}'\n  b: '{{{{ vars.a }}}}'\n  c: 1\n"
    assert told(write({"orch.yaml": head, "tutor.yaml": TUTOR})) == [
        "orch.yaml:6:10: vars refer to each other in a circle: a -> b -> a",
        "orch.yaml:7:10: vars refer to each other in a circle: b -> a -> b",
    ]


def test_a_scenario_has_variables_of_its_own(write):
    scenario = """\
    kind: Scenario
    name: s
    assistant: tutor
    variables: {tone: rude}
    turns: [{user: "{{ vars.greeting }}"}]
    """
    project = loaded(write({"orch.yaml": TARGETS, "tutor.yaml": TUTOR, "s.yaml": scenario}))
    assert project.scenarios[0].scenario.turns[0].user == "Be rude"


def test_an_error_of_an_override_stands_in_the_project_file(write):
    head = f"{HEAD[:-2]}, overrides: {{assistant.tutor: {{temperature: 5, model: null}}}}}}\n"
    found = refused(write({"orch.yaml": head, "tutor.yaml": TUTOR}))
    assert [str(each) for each in found] == [
        "orch.yaml:4:71: `temperature` must be at most 2",
        "orch.yaml:4:81: `model` is missing",
    ]
    assert all(each.excerpt is not None and "overrides" in each.excerpt for each in found)


# Templates and their places

PLACES = [
    ("description: '{{ vars.tone }} {{ vars.ton }}'\n", "4:34", "vars.ton is not defined"),
    ("instructions: |\n  fine\n\n  {{ vars.ton }}\n", "7:6", "vars.ton is not defined"),
    ("instructions: |\n  {{ vars.tone }}\n  {{ 1 / 0 }}\n", "6:3", "cannot render the template: division by zero"),
    ("instructions: >\n  a\n  b {{ vars.ton }}\n", "6:8", "vars.ton is not defined"),
    ('instructions: "a\n  b {{ vars.ton }}"\n', "5:8", "vars.ton is not defined"),
    ("instructions: '{{ vars[\"ton\"] }}'\nmetadata: {a: vars.ton}\n", "4:15", "vars.ton is not defined"),
    ("tools: [{function: '{{ vars.ton }}'}]\n", "4:24", "vars.ton is not defined"),
    ("description: '{{ nope }}'\n", "4:18", "nope is not defined"),
    ("description: '{{ vars.tone }} {{ tone }}'\n", "4:34", "tone is not defined"),
    ("instructions: |\n  say vars.ton to\n  {{ vars.ton }}\n", "6:6", "vars.ton is not defined"),
    ("description: '{{ vars.tone'\n", "4:14", "not a valid template: unexpected end of template, expected"),
]


@pytest.mark.parametrize(("text", "place", "message"), PLACES, ids=[row[0] for row in PLACES])
def test_a_template_error_points_into_the_text(write, text, place, message):
    (found,) = refused(write({"orch.yaml": f"{HEAD}variables: {{tone: x}}\n", "tutor.yaml": TUTOR + text}))
    assert str(found).startswith(f"tutor.yaml:{place}: {message}")


def test_what_is_rendered_later_is_checked_now(write):
    model = """\
    kind: ScriptedModel
    name: m
    rules:
      - {reply: "{{ outputs | join }}"}
      - {reply: "{{ output }}"}
      - {reply: "{{ vars.tone }}"}
      - {reply: "{% if %}"}
    """
    found = refused(write({"orch.yaml": HEAD, "m.yaml": model}))
    assert [(str(each), each.hint) for each in found[:1]] == [
        ("m.yaml:5:17: output is not defined here", "did you mean `outputs`?")
    ]
    assert [str(each.position) for each in found] == ["m.yaml:5:17", "m.yaml:6:17", "m.yaml:7:13"]


def test_text_never_becomes_structure(write):
    head = f'{HEAD}variables: {{evil: "x\\nmodel: other"}}\n'
    root = write({"orch.yaml": head, "tutor.yaml": f"{TUTOR}description: '{{{{ vars.evil }}}}'\n"})
    assert fields(loaded(root), "assistant.tutor")["description"] == "x\nmodel: other"


def test_nobody_is_told_that_a_broken_spec_does_not_exist(write):
    """One mistake, one message: what a file declares is known even where the file cannot be used."""
    root = write(
        {
            "orch.yaml": f"{HEAD[:-2]}, overrides: {{vector_store.papers: {{display_name: x}}}}}}\n",
            "tutor.yaml": f"{TUTOR}tools: [function: quiz, function: lost, file_search: {{vector_stores: [papers]}}]\n",
            "quiz.yaml": "kind: Function\nname: quiz\nstrict: 5\n",
            "papers.yaml": "kind: VectorStore\nname: papers\nfiles: [\n",
            "s.yaml": "kind: Scenario\nname: s\nassistant: gone\nturns: [user: hi]\n",
            "gone.assistant.md": "---\nname: gone\nmodel: [\n---\nHi\n",
        }
    )
    assert [str(each.position) for each in refused(root)] == [
        "gone.assistant.md:3:9",
        "papers.yaml:4:1",
        "quiz.yaml:3:9",
        "tutor.yaml:4:35",
    ]


def test_the_example_is_fine():
    project = load(Ask(start=ROOT / "specs", cwd=ROOT))
    assert project.name == "tutoring"
    assert {located.base for located in project.scenarios} >= {"quiz", "equations", "encouragement", "manners"}


# The project file alone


def test_the_head_is_the_project_and_its_target_whatever_the_specs_hold(write):
    head = """
        kind: Project
        name: p
        targets:
          local: {provider: local}
          live: {provider: assistants, base_url: "https://{{ vars.host }}/v1"}
        variables: {host: a.example}
    """
    root = write({"orch.yaml": head, "broken.yaml": "kind: ["})
    found = load_head(Ask(start=root, cwd=root, target="live", variables={"host": "b.example"}))
    assert (found.name, found.root, found.target_name) == ("p", root, "live")
    assert found.target.base_url == "https://b.example/v1"
    assert str(found.target_position) == "orch.yaml:6:3"
    assert (found.resources, found.scenarios, found.models) == ({}, (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: Assistant\nname: a\n", "no document of kind Project"),
        ("kind: Project\nname: p\n", "targets"),
        (HEAD.replace("local:", "live:"), "no target is called `local`"),
        (HEAD.replace("provider: local}", "provider: local, db: '{{ vars.x }}'}"), "vars.x"),
        ("kind: [", "orch.yaml:1:"),
    ],
)
def test_a_head_that_cannot_be_used_is_refused(write, text, expected):
    root = write({"orch.yaml": text})
    with pytest.raises(SpecError, match=expected):
        load_head(Ask(start=root, cwd=root))
