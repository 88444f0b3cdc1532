"""`orch import` on the local target: specs that change nothing, objects that are adopted, and everything left alone."""

import json
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.cli.main import run
from orchestrator.model.address import Address
from orchestrator.spec.loader import Ask, load
from tests.cli.planting import PROJECT, plant, read

FUNCTION = {"name": "quiz", "description": "Ask {{ it }}", "parameters": {"type": "object", "properties": {"n": {}}}}
QUIZ = {"type": "function", "function": FUNCTION}
OTHER_QUIZ = {"type": "function", "function": {**FUNCTION, "description": "another"}}
TUTOR = {
    "model": "gpt-4o",
    "name": "Math Tutor",
    "description": "for people",
    "instructions": "You are a tutor.\n\nSay {{ name }} and {% endraw %}.",
    "tools": [{"type": "code_interpreter"}, QUIZ],
    "temperature": 1.0,
    "top_p": 0.5,
    "metadata": {"team": "education", "no": "on"},
}
LISTS, PER_OBJECT = 2, 3  # requests: a page a kind; the look before, the update, the read-back


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "orch.yaml").write_text(PROJECT)
    return tmp_path


def imported(orch, *arguments: str, into: str = "specs") -> tuple[int, dict[str, Any]]:
    done = orch("import", *arguments, "--into", into, "--format", "json")
    return done.code, json.loads(done.out)


def plan(orch) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(orch("plan", "--format", "json").out)
    return found


def empty(orch) -> bool:
    found = plan(orch)
    return {change["action"] for change in found["changes"]} == {"noop"} and not found["leftovers"]


def unmanaged(orch) -> list[str]:
    return [item["id"] for item in json.loads(orch("list", "--unmanaged", "--format", "json").out)["objects"]]


def searching(store: str, **more: Any) -> dict[str, Any]:
    resources = {"file_search": {"vector_store_ids": [store]}}
    return {"model": "m", "tools": [{"type": "file_search"}], "tool_resources": resources, **more}


def specs_of(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "specs").rglob("*") if path.is_file()}


def test_assistants_and_stores_become_specs_and_the_plan_is_empty(orch, shop):
    (store,) = plant(
        shop, "/vector_stores", {"name": "Papers", "expires_after": {"anchor": "last_active_at", "days": 7}}
    )
    search = {"type": "file_search", "file_search": {"max_num_results": 8}}
    before = plant(shop, "/assistants", TUTOR, searching(store, **{**TUTOR, "tools": [search, QUIZ]}))
    was = read(shop, [f"/assistants/{id}" for id in before])
    code, report = imported(orch, "--all")
    assert (code, report["format"]) == (0, "orch.import/1")
    assert report["summary"] == {"imported": 3, "refused": 0, "skipped": 0}
    addresses = {item["address"]: item for item in report["imported"]}
    assert set(addresses) == {"assistant.math-tutor", "assistant.math-tutor-2", "vector_store.papers"}
    assert report["requests"] == {"total": LISTS + 3 * PER_OBJECT}
    assert empty(orch)
    now = read(shop, [f"/assistants/{id}" for id in before])
    for old, new in zip(was, now, strict=True):
        assert {**new, "metadata": None} == {**old, "metadata": None}
        assert old["metadata"].items() <= new["metadata"].items()
    assert specs_of(shop) == set(report["files"])
    assert specs_of(shop) == {
        *("specs/math-tutor.yaml", "specs/math-tutor-2.yaml", "specs/vector-stores/papers.yaml"),
        *("specs/functions/quiz.yaml", "specs/prompts/math-tutor.md", "specs/prompts/math-tutor-2.md"),
    }
    assert (shop / "specs" / "vector-stores" / "papers.yaml").read_text() == (
        "# Its files cannot be downloaded from the API: list them under `files:`, else they are left as they are.\n"
        "kind: VectorStore\nname: papers\ndisplay_name: Papers\nexpires_after: {days: 7}\n"
    )
    written = yaml.safe_load((shop / addresses_of(addresses, before[1])["file"]).read_text())
    assert written["tools"] == [
        {"file_search": {"vector_stores": ["papers"], "max_num_results": 8}},
        {"function": "quiz"},
    ]
    assert written["instructions"] == {"file": f"prompts/{written['name']}.md"}
    assert "temperature" not in written
    assert written["metadata"] == {"team": "education", "no": "on"}


def addresses_of(found: dict[str, dict[str, Any]], id: str) -> dict[str, Any]:
    return next(item for item in found.values() if item["id"] == id)


def test_the_second_import_has_nothing_to_do(orch, shop):
    plant(shop, "/assistants", TUTOR)
    assert orch("import", "--all", "--into", "specs").code == 0
    again = orch("import", "--all", "--into", "specs")
    assert (again.code, again.out) == (0, "Nothing to import: everything is owned already.\n2 requests\n")


def test_by_address_and_what_it_searches_has_to_come_along(orch, shop):
    (store,) = plant(shop, "/vector_stores", {"name": "x"})
    id, other = plant(shop, "/assistants", searching(store, name="One"), {"model": "m"})
    alone = orch("import", f"assistant.one={id}", "--into", "specs")
    assert (alone.code, alone.out) == (1, "")
    assert f"vector_store.NAME={store}" in alone.err
    assert not (shop / "specs").exists()
    both = (f"assistant.uno={id}", f"vector_store.docs={store}")
    code, report = imported(orch, *both)
    assert code == 0
    assert [item["address"] for item in report["imported"]] == ["vector_store.docs", "assistant.uno"]
    assert empty(orch)
    assert unmanaged(orch) == [other]
    code, again = imported(orch, *both)
    assert (code, again["summary"]) == (0, {"imported": 0, "refused": 0, "skipped": 2})
    assert again["requests"] == {"total": LISTS}


def test_what_another_project_owns_is_refused_or_named_and_never_touched(orch, shop):
    foreign: dict[str, Any] = {"model": "m", "name": "x", "metadata": {"orch.owner": "elsewhere/assistant.x"}}
    (id,) = plant(shop, "/assistants", foreign)
    (store,) = plant(shop, "/vector_stores", {"name": "y", "metadata": {"orch.owner": "elsewhere/vector_store.y"}})
    plant(shop, "/assistants", searching(store))
    paths = [f"/assistants/{id}", f"/vector_stores/{store}"]
    before = read(shop, paths)
    done = orch("import", f"assistant.x={id}", "--into", "specs")
    assert (done.code, done.out) == (1, "")
    assert f"{id} is owned already: it is elsewhere/assistant.x" in done.err
    assert not (shop / "specs").exists()
    shown = orch("import", "--all", "--into", "specs")
    assert shown.code == 0
    assert f"Left alone\n    {id}  x\n      owned: elsewhere/assistant.x\n    {store}  y\n" in shown.out
    assert empty(orch)  # the assistant goes on searching the store of another project
    assert store in (shop / "specs" / "assistant-1.yaml").read_text()
    assert read(shop, paths) == before


def test_one_function_is_one_spec_and_another_of_its_name_gets_its_own(orch, shop):
    plant(shop, "/assistants", *({"model": "m", "name": f"t{n}", "tools": [QUIZ]} for n in range(3)))
    assert imported(orch, "--all")[0] == 0
    ids = plant(shop, "/assistants", *({"model": "m", "name": f"u{n}", "tools": [OTHER_QUIZ]} for n in range(2)))
    was = read(shop, [f"/assistants/{id}" for id in ids])
    plant(shop, "/assistants", {"model": "m", "name": "fine", "tools": [QUIZ]})
    code, report = imported(orch, "--all", into="more")
    assert code == 0
    assert set(report["files"]) == {"more/fine.yaml", "more/u0.yaml", "more/u1.yaml", "more/functions/quiz-2.yaml"}
    written = yaml.safe_load((shop / "more" / "functions" / "quiz-2.yaml").read_text())
    assert (written["name"], written["display_name"]) == ("quiz-2", "quiz")
    assert empty(orch)
    assert [item["tools"] for item in read(shop, [f"/assistants/{id}" for id in ids])] == [i["tools"] for i in was]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 64),
        (["--all", "assistant.a=asst_1"], 64),
        (["assistant.a"], 64),
        (["function.a=x"], 64),
        (["assistant.A b=x"], 64),
        (["assistant.a\n=x"], 64),
        (["assistant.a=asst_nobody"], 64),
        (["assistant.a=x", "assistant.b=x"], 64),
        (["assistant.a=x", "assistant.a=y"], 64),
    ],
)
def test_wrong_usage(orch, shop, arguments, code):
    done = orch("import", *arguments, "--into", "specs")
    assert (done.code, done.out) == (code, "")
    assert done.err
    assert not (shop / "specs").exists()


def test_nothing_is_overwritten(orch, shop):
    (id,) = plant(shop, "/assistants", {"model": "m", "name": "b"})
    (shop / "specs").mkdir()
    (shop / "specs" / "b.yaml").write_text("# mine\n")
    taken = orch("import", f"assistant.b={id}", "--into", "specs")
    assert taken.code == 64
    assert "specs/b.yaml exists already" in taken.err
    assert (shop / "specs" / "b.yaml").read_text() == "# mine\n"
    assert unmanaged(orch) == [id]


def test_what_a_spec_declares_already_is_adopted_for_it_where_nothing_would_change(orch, shop):
    a, b = plant(shop, "/assistants", {"model": "m", "name": "a", "description": "d"}, {"model": "m", "name": "b"})
    (shop / "mine.yaml").write_text(
        "kind: Assistant\nname: a\nmodel: other\n---\nkind: VectorStore\nname: s\nfiles: []\n"
    )
    changed = orch("import", f"assistant.a={a}", "--into", "specs")
    assert changed.code == 1
    assert "assistant.a would change when adopted: model; nothing was imported" in changed.err
    (shop / "mine.yaml").write_text("kind: Assistant\nname: a\nmodel: m\n---\nkind: VectorStore\nname: s\nfiles: []\n")
    (store,) = plant(shop, "/vector_stores", {"name": "s"})
    files = orch("import", f"vector_store.s={store}", "--into", "specs")
    assert files.code == 1
    assert "vector_store.s declares files, and which files are live cannot be told" in files.err
    asked = plan(orch)["remarks"]
    assert [remark["import"] for remark in asked] == [f"assistant.a={a}"]
    assert f"      orch import assistant.a={a} --into .\n" in orch("plan").out
    code, report = imported(orch, f"assistant.a={a}")
    assert (code, report["imported"], report["files"]) == (0, [{"address": "assistant.a", "id": a, "file": None}], [])
    assert set(unmanaged(orch)) == {b, store}
    twice = orch("import", f"assistant.a={b}", "--into", "specs")
    assert twice.code == 1
    assert f"assistant.a is live already, as {a}" in twice.err
    renamed = orch("import", f"assistant.c={a}", "--into", "specs")
    assert renamed.code == 1
    assert "moved: [{from: assistant.a, to: assistant.c}]" in renamed.err
    assert not (shop / "specs").exists()


@pytest.mark.parametrize("folder", ["..", "/tmp", ".hidden", "link", "other", "more"])
def test_specs_go_where_the_project_sees_them(orch, shop, folder, tmp_path_factory):
    (shop / "link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    (shop / "orch.yaml").write_text(PROJECT + "specs: ['*.yaml', 'more/**']\n")
    plant(shop, "/assistants", {"model": "m", "name": "a", "instructions": "x\ny"})
    done = orch("import", "--all", "--into", folder)
    assert done.code in (1, 64)
    told = (
        "part of the project",
        "no orch.yaml here or above",
        "do not fit the project: more/prompts/a.md:1:1: no front",
    )
    assert any(text in done.err for text in told)
    assert len(unmanaged(orch)) == 1
    assert not list(shop.rglob("a.yaml"))
    assert not list(shop.rglob("*.md"))
    assert not (shop / "other").exists()
    assert not (shop / "more").exists()


def test_the_project_is_found_from_the_folder_that_is_written_into(orch, tutor):
    plant(tutor, "/assistants", {"model": "m", "name": "helper", "tools": [QUIZ]})
    done = orch("import", "--all", "--into", "specs/from/there")
    assert done.code == 0, done.err
    assert "specs/from/there/helper.yaml" in done.out
    assert orch("validate", "specs/").code == 0


def test_editors_find_the_schemas_where_there_are_some(orch, shop):
    (shop / "schemas").mkdir()
    plant(shop, "/assistants", TUTOR)
    assert imported(orch, "--all")[0] == 0
    for name, way in (("math-tutor", "../schemas/assistant"), ("functions/quiz", "../../schemas/function")):
        first = (shop / "specs" / f"{name}.yaml").read_text().split("\n")[0]
        assert first == f"# yaml-language-server: $schema={way}.schema.json"


def test_names_lead_nowhere_and_begin_no_project_of_their_own(orch, shop):
    names = ("orch", "../../x", "/etc/passwd", "a\nkind: x", "🎓", "x")
    plant(shop, "/assistants", *({"model": "m", "name": name, "tools": [function("orch")]} for name in names))
    code, report = imported(orch, "--all")
    assert code == 0
    addresses = {"orch", "x", "etc-passwd", "a-kind-x", "assistant-1", "x-2"}
    assert {item["address"] for item in report["imported"]} == {f"assistant.{name}" for name in addresses}
    assert empty(orch)
    assert {path.name for path in shop.iterdir()} == {"orch.yaml", ".orch", "specs"}


def function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


HOSTILE = [
    "{{ 7*7 }}",
    "a {% raw %} b {% endraw %} c",
    "{% include '/etc/passwd' %}\n{{ env.HOME }}",
    "kind: Project\nname: stolen\n---\n- !!python/object:x\n# no comment",
    "lines\r\nof\r\nWindows",
    "ends in lines\n\n\n",
    "\n\nbegins with them",
    "mark\ufeff and \u2028 and \x85 and \x1b[2J and \0",
    "🎓 수학 {{",
    "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other",
    "   indented\n\ttabs \n trailing  ",
    "---",
    "@include {file: x}",
    "null",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_back_as_they_are(orch, shop, text):
    metadata = {"a": text[:500], "b": "true", "c": "1e5", "d": "2026-11-23", "e": "1:30", "f": "0x10", "null": "~"}
    body = {"model": "m", "name": text[:200], "description": text, "instructions": text, "metadata": metadata}
    (id,) = plant(shop, "/assistants", body)
    assert imported(orch, f"assistant.it={id}")[0] == 0
    fields = load(Ask(shop, shop)).resources[Address.parse("assistant.it")].fields
    assert [fields[key] for key in ("display_name", "description", "instructions")] == [text] * 3
    assert {key: fields[f"metadata.{key}"] for key in metadata} == metadata
    assert empty(orch)


def test_half_a_character_is_refused_by_name_and_the_others_go_on(orch, shop):
    bad, good = plant(shop, "/assistants", {"model": "m", "name": "bad"}, {"model": "m", "name": "good"})
    with sqlite3.connect(shop / ".orch" / "local.db") as connection:
        connection.execute("update documents set body = replace(body, '\"bad\"', '\"bad\\ud800\"')")
    connection.close()
    code, report = imported(orch, "--all")
    assert code == 5
    assert [item["id"] for item in report["imported"]] == [good]
    (refused,) = report["refused"]
    assert (refused["id"], refused["reason"]) == (
        bad,
        "`display_name` holds half of a surrogate pair, which no file can hold",
    )
    shown = orch("import", "--all", "--into", "specs")
    assert shown.code == 1
    assert f"  ! {bad}  bad\\ud800\n      not imported: `display_name` holds" in shown.out


def test_specs_that_were_lost_come_back_under_their_own_name(orch, shop):
    plant(shop, "/assistants", TUTOR)
    _, report = imported(orch, "--all")
    for file in report["files"]:
        os.unlink(shop / file)
    id = report["imported"][0]["id"]
    code, again = imported(orch, "--all")
    (skipped,) = again["skipped"]
    assert (code, skipped["owner"]) == (0, "shop/assistant.math-tutor")
    assert f"`orch import assistant.math-tutor={id}`" in skipped["hint"]
    assert imported(orch, f"assistant.math-tutor={id}")[0] == 0
    assert empty(orch)
    assert plan(orch)["summary"]["noop"] == 1


PARAMETERS = {"type": "object", "properties": {"n": {"type": "integer", "description": "how {% many %}"}}}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
TOOLS = st.fixed_dictionaries(
    {},
    optional={
        "code": st.just({"type": "code_interpreter"}),
        "search": st.sampled_from(
            [
                {"type": "file_search"},
                {"type": "file_search", "file_search": {"max_num_results": 3}},
                {"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 0.5}}},
            ]
        ),
        "quiz": st.sampled_from([QUIZ, OTHER_QUIZ]),
        "mail": st.just({"type": "function", "function": {"name": "mail", "parameters": PARAMETERS}}),
        "Mail": st.just({"type": "function", "function": {"name": "Mail", "parameters": PARAMETERS}}),
    },
).map(lambda chosen: list(chosen.values()))
ASSISTANTS = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-4o", "gpt-5"])},
    optional={
        "name": TEXT,
        "description": TEXT,
        "instructions": TEXT | st.lists(TEXT | st.sampled_from(["{{ x }}", "", "{% raw %}", "---"])).map("\n".join),
        "temperature": st.sampled_from([0, 0.3, 1, 2]),
        "top_p": st.sampled_from([0.1, 1]),
        "response_format": st.sampled_from(
            [
                "auto",
                {"type": "text"},
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"name": "answer", "schema": PARAMETERS}},
            ]
        ),
        "metadata": st.dictionaries(TEXT.filter(lambda key: not key.startswith("orch.")), TEXT, max_size=3),
        "tools": TOOLS,
        "searches": st.sampled_from([0, 1]),
    },
)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(ASSISTANTS, min_size=1, max_size=6))
def test_whatever_is_imported_is_as_declared(bodies):
    with tempfile.TemporaryDirectory() as folder:
        root, here = Path(folder), Path.cwd()
        (root / "orch.yaml").write_text(PROJECT)
        stores = plant(root, "/vector_stores", {"name": "docs"}, {"name": "Docs", "metadata": {"a": "{{"}})
        for body in bodies:
            number = body.pop("searches", None)
            if number is not None and any(tool["type"] == "file_search" for tool in body.get("tools", ())):
                body["tool_resources"] = {"file_search": {"vector_store_ids": [stores[number]]}}
        plant(root, "/assistants", *bodies)
        os.chdir(root)
        try:
            assert run(["import", "--all", "--into", "."]) == 0
            assert run(["plan", "--detailed-exitcode"]) == 0
            assert run(["list", "--unmanaged"]) == 0
        finally:
            os.chdir(here)
