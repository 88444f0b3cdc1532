"""A folder of documents that a vector store keeps in step with."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from openai import OpenAI

from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.store import Store
from orchestrator.spec.hashes import FILE, FORMAT
from tests.providers.building import app_on_port, served

SPECS = """
kind: Project
name: shop
targets: {local: {provider: local}}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/*'}]
"""
BROKEN = b"\xff\xfe\x00\xd8 half a character"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "returns.md").write_text("Within 30 days.")
    return tmp_path / "docs"


def test_what_could_not_be_indexed_is_told_and_not_sent_again_until_it_changes(orch, shop):
    (shop / "prices.txt").write_bytes(BROKEN)
    failed = orch("apply", "--yes")
    assert failed.code == 1
    assert "not searchable: docs/prices.txt: " in failed.out
    assert "they are resent only with --retry-failed" in failed.out
    second = orch("apply", "--yes")
    assert (second.code, "Not searchable" in second.out) == (0, True), "the record is written, the file is told of"
    third = orch("plan", "--detailed-exitcode")
    assert (third.code, 'vector_store.handbook  files["docs/prices.txt"]: ' in third.out) == (0, True)
    data = json.loads(orch("plan", "--format", "json").out)
    assert [item["path"] for item in data["unsearchable"]] == ['files["docs/prices.txt"]']
    assert "could not be indexed" in orch("plan", "--format", "markdown").out
    assert orch("plan", "--retry-failed", "--detailed-exitcode").code == 2
    assert orch("apply", "--yes", "--retry-failed").code == 1
    (shop / "prices.txt").write_bytes(b"A chair costs 40.")
    mended = orch("apply", "--yes")
    assert (mended.code, "Not searchable" in mended.out) == (0, False)
    assert orch("plan", "--detailed-exitcode").code == 0
    assert "Not searchable" not in orch("plan").out


def test_taking_out_what_could_not_be_indexed_is_a_change_of_the_spec_alone(orch, shop):
    (shop / "prices.txt").write_bytes(BROKEN)
    orch("apply", "--yes")
    orch("apply", "--yes")
    (shop / "prices.txt").unlink()
    plan = orch("plan")
    assert 'files["docs/prices.txt"]' in plan.out
    assert "outside" not in plan.out
    assert orch("apply", "--yes").code == 0
    assert orch("plan", "--detailed-exitcode").code == 0


def test_a_change_that_fails_leaves_the_old_content_and_the_way_back_costs_nothing(orch, shop):
    assert orch("apply", "--yes").code == 0
    before = (shop / "returns.md").read_bytes()
    (shop / "returns.md").write_bytes(b"\xff\xfe\x00\xd8broken")
    assert orch("apply", "--yes").code == 1
    assert orch("apply", "--yes").code == 0
    assert "Not searchable" in orch("plan").out
    (shop / "returns.md").write_bytes(before)
    done = orch("apply", "--yes")
    assert (done.code, re.findall("Not searchable", done.out)) == (0, [])


def test_refresh_looks_at_every_file_here_and_there(orch, shop):
    assert orch("apply", "--yes").code == 0
    cheap = json.loads(orch("plan", "--format", "json").out)["requests"]["total"]
    whole = json.loads(orch("plan", "--refresh", "--format", "json").out)["requests"]["total"]
    assert whole == cheap + 1
    file = shop / "returns.md"
    status = file.stat()
    signs = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    seen = {"docs/returns.md": [*signs, "0" * 64, True]}
    (shop.parent / FILE).write_text(json.dumps({"format": FORMAT, "files": seen}))
    assert orch("plan", "--detailed-exitcode").code == 2, "what is remembered is believed"
    assert orch("plan", "--detailed-exitcode", "--refresh").code == 0


def test_a_saved_plan_takes_no_such_wish(orch, shop, tmp_path):
    assert orch("plan", "--out", "plan.json").code == 0
    assert orch("apply", "plan.json", "--refresh").code == 64
    assert "without --target, --only, --prune, --refresh" in orch("apply", "plan.json", "--retry-failed").err


def test_a_store_that_expired_is_replaced_and_what_names_it_names_the_next(orch, shop, tmp_path):
    assistant = "---\n{kind: Assistant, name: clerk, model: m, tools: [{file_search: {vector_stores: [handbook]}}]}\n"
    (tmp_path / "orch.yaml").write_text(SPECS + assistant)
    assert orch("apply", "--yes").code == 0
    with sqlite3.connect(tmp_path / ".orch" / "local.db") as database:
        expire = "UPDATE documents SET body = json_set(body, '$.status', 'expired') WHERE kind = 'vector_store'"
        assert database.execute(expire).rowcount == 1
    drifted = orch("drift")
    assert (drifted.code, "expired: its files are gone" in drifted.out) == (3, True)
    plan = orch("plan")
    assert "expired: its files are gone" in plan.out
    assert "1 to replace" in plan.out
    assert orch("apply", "--yes").code == 0
    assert orch("plan", "--detailed-exitcode", "--refresh").code == 0
    assert "Within 30 days." in orch("search", "handbook", "days").out
    assert [item["kind"] for item in json.loads(orch("list", "--format", "json").out)["objects"]].count(
        "vector_store"
    ) == 1


TWO_STORES = """
kind: Project
name: shop
targets: {local: {provider: local}, responses: {provider: local, speaks: responses, db: .orch/responses.db}}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/*', attributes: {shelf: a}}]
---
kind: VectorStore
name: library
files: [{path: 'docs/*.md', attributes: {shelf: b}}]
"""


def uploaded(database: Path) -> list[str]:
    """Names of the files on the target, however many stores have them."""
    rows = sqlite3.connect(database).execute("SELECT body FROM documents WHERE kind = 'file'")
    return sorted(json.loads(body)["filename"] for (body,) in rows)


@pytest.mark.parametrize("target", ["local", "responses"])
def test_a_file_of_two_stores_is_uploaded_once_and_goes_with_the_last(orch, shop, tmp_path, target):
    (tmp_path / "orch.yaml").write_text(TWO_STORES)
    (shop / "prices.txt").write_text("A chair costs 40.")
    on = ("--target", target)

    def files() -> list[str]:
        found = json.loads(orch("gc", *on, "--format", "json").out)
        assert found["files"] == [], "nothing is left loose"
        return uploaded(tmp_path / ".orch" / f"{target}.db")

    assert orch("apply", "--yes", *on).code == 0
    assert files() == ["prices.txt", "returns.md"]
    assert orch("plan", "--detailed-exitcode", *on).code == 0
    (shop / "returns.md").write_text("Within 14 days.")
    assert orch("apply", "--yes", *on).code == 0
    assert files() == ["prices.txt", "returns.md"]
    assert orch("plan", "--refresh", "--detailed-exitcode", *on).code == 0
    (tmp_path / "orch.yaml").write_text(TWO_STORES.replace("docs/*.md", "docs/*.txt"))
    assert orch("apply", "--yes", *on).code == 0
    assert files() == ["prices.txt", "returns.md"], "the one store took the other's file, which goes on in the other"
    assert orch("plan", "--refresh", "--detailed-exitcode", *on).code == 0
    (tmp_path / "orch.yaml").write_text(TWO_STORES.partition("---\nkind: VectorStore\nname: library")[0])
    assert orch("apply", "--yes", "--prune", *on).code == 0
    assert files() == ["prices.txt", "returns.md"]
    assert orch("plan", "--refresh", "--detailed-exitcode", *on).code == 0
    assert orch("destroy", "--yes", *on).code == 0
    assert files() == []


def test_of_two_stores_that_go_together_every_file_goes(orch, shop, tmp_path):
    (tmp_path / "orch.yaml").write_text(TWO_STORES)
    assert orch("apply", "--yes").code == 0
    assert orch("destroy", "--yes").code == 0
    assert uploaded(tmp_path / ".orch" / "local.db") == []


def test_a_store_that_is_declared_no_more_keeps_its_files(orch, shop, tmp_path):
    (tmp_path / "orch.yaml").write_text(TWO_STORES)
    assert orch("apply", "--yes").code == 0
    (tmp_path / "orch.yaml").write_text(TWO_STORES.partition("---\nkind: VectorStore\nname: library")[0])
    (shop / "returns.md").write_text("Within 14 days.")
    assert orch("apply", "--yes").code == 0
    assert uploaded(tmp_path / ".orch" / "local.db") == ["returns.md", "returns.md"]
    (tmp_path / "orch.yaml").write_text(TWO_STORES)
    data = json.loads(orch("plan", "--format", "json").out)
    assert [change["action"] for change in data["changes"]] == ["noop", "update"]


def test_what_nothing_has_is_listed_and_deleted_only_when_asked(orch, shop, tmp_path):
    assert orch("apply", "--yes").code == 0
    assert "No orphaned uploads of this project" in orch("gc").out
    journal = tmp_path / ".orch" / "journal-local.jsonl"
    (shop / "returns.md").write_text("Within 14 days.")
    store = Store.open(tmp_path / ".orch" / "local.db")
    with store, app_on_port(create_app(assemble(store, served()))) as url:
        client = OpenAI(base_url=f"{url}/v1", api_key="none")
        client.files.create(file=("returns.md", b"Within 14 days."), purpose="assistants")
        client.files.create(file=("returns.md", b"Another size, and so not like it."), purpose="assistants")
        client.files.create(file=("other.md", b"Within 14 days."), purpose="assistants")
    assert not journal.exists()
    listed = orch("gc")
    assert (listed.code, listed.out.count("returns.md"), listed.out.count("other size")) == (0, 2, 1)
    assert "`orch gc --delete` deletes them" in listed.err
    assert "not in threads, conversations" in listed.err
    young = orch("gc", "--delete", "--older-than", "60")
    assert (young.out.splitlines()[0][:22], young.err.count("2 younger than 60 minutes")) == (
        "No orphaned uploads of",
        1,
    )
    data = json.loads(orch("gc", "--older-than", "60", "--format", "json").out)
    assert (data["files"], sorted(file["bytes"] for file in data["too_young"])) == ([], [15, 33])
    assert len(uploaded(tmp_path / ".orch" / "local.db")) == 4
    assert orch("gc", "--delete").out.splitlines()[-1] == "1 deleted."
    assert uploaded(tmp_path / ".orch" / "local.db") == ["other.md", "returns.md", "returns.md"]
    assert orch("gc", "--any-size").code == 64
    (left,) = json.loads(orch("gc", "--format", "json").out)["other_size"]
    release = tmp_path / "releases" / "elsewhere" / "tutor.json"
    release.parent.mkdir(parents=True)
    release.write_text(json.dumps({"request": {"file_ids": [left["id"]]}}))
    assert orch("gc", "--delete", "--any-size").out.startswith("No orphaned uploads")
    release.unlink()
    assert orch("gc", "--delete", "--any-size").out.splitlines()[-1] == "1 deleted."
    data = json.loads(orch("gc", "--format", "json").out)
    assert (data["format"], data["files"], data["deleted"]) == ("orch.gc/1", [], 0)


CODE = """
kind: Project
name: shop
targets: {local: {provider: local}, responses: {provider: local, speaks: responses, db: .orch/responses.db}}
---
kind: Assistant
name: analyst
model: scripted
tools: [{code_interpreter: {files: [{path: 'data/*.csv', exclude: [draft*]}]}}]
---
kind: ScriptedModel
name: scripted
rules: [{user: sum, code: "print(open('orders.csv').read())"}, {after: code_interpreter, reply: "{{ outputs[0] }}"}]
---
kind: Scenario
name: sums
assistant: analyst
turns: [{user: sum, checks: [{contains: CONTENT}]}]
"""


@pytest.mark.parametrize("target", ["local", "responses"])
def test_files_of_the_code_interpreter_are_kept_in_step(orch, tmp_path, target, sandbox):
    folder, on = tmp_path / "data", ("--target", target)
    folder.mkdir()

    def declare(content: str, **others: str) -> None:
        (tmp_path / "orch.yaml").write_text(CODE.replace("CONTENT", content))
        for name, text in {"orders": content, **others}.items():
            (folder / f"{name}.csv").write_text(text)

    def files() -> list[str]:
        assert json.loads(orch("gc", *on, "--format", "json").out)["files"] == []
        return uploaded(tmp_path / ".orch" / f"{target}.db")

    declare("first", prices="1,2", draft="x")
    assert orch("apply", "--yes", *on).code == 0
    assert files() == ["orders.csv", "prices.csv"]
    assert orch("plan", "--detailed-exitcode", *on).code == 0
    assert orch("test", *on).code == 0
    declare("second")
    assert "tools.code_interpreter.files" in orch("plan", *on).out
    (folder / "prices.csv").unlink()
    before = json.loads(orch("apply", "--yes", *on, "--format", "json").out)
    assert before["summary"]["applied"] == 1
    assert files() == ["orders.csv"]
    assert orch("plan", "--detailed-exitcode", *on).code == 0
    assert orch("test", *on).code == 0
    (tmp_path / "orch.yaml").write_text(CODE.replace("{path: 'data/*.csv', exclude: [draft*]}", ""))
    assert orch("apply", "--yes", *on).code == 0
    assert files() == []
    assert orch("plan", "--detailed-exitcode", *on).code == 0
    declare("third")
    assert orch("apply", "--yes", *on).code == 0
    assert files() == ["orders.csv"]
    assert orch("destroy", "--yes", *on).code == 0
    assert files() == []


def test_more_files_than_a_code_interpreter_takes_are_told_at_their_place(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text(CODE)
    (tmp_path / "data").mkdir()
    for number in range(21):
        (tmp_path / "data" / f"{number}.csv").write_text(str(number))
    done = orch("validate")
    assert "orch.yaml:9:36: error: 21 files; a code interpreter is given at most 20" in done.err


def test_an_agent_is_given_no_files(orch, tmp_path):
    specs = CODE.replace("speaks: responses", "speaks: agents").replace(
        "model: scripted\n", "model: scripted\nagents: {bridges: [code_interpreter]}\n"
    )
    (tmp_path / "orch.yaml").write_text(specs)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("1")
    assert orch("validate", "--target", "local").code == 0
    done = orch("validate", "--target", "responses")
    assert done.code == 1
    assert "nothing is placed in a hosted environment" in " ".join(done.err.split())


def test_a_renamed_file_is_told_as_one_and_not_sent_again(orch, shop, tmp_path):
    (tmp_path / "orch.yaml").write_text(SPECS.replace("docs/*", "docs/**"))
    (shop / "prices.txt").write_text("A chair costs 40.")
    assert orch("apply", "--yes").code == 0
    (shop / "old").mkdir()
    (shop / "returns.md").rename(shop / "old" / "returns.md")
    (shop / "prices.txt").rename(shop / "costs.txt")
    planned = orch("plan")
    assert '~ files["docs/returns.md"] -> files["docs/old/returns.md"]: renamed' in planned.out
    assert '~ files["docs/prices.txt"] -> files["docs/costs.txt"]: renamed' in planned.out
    assert "+ files[" not in planned.out
    assert 'files["docs/old/returns.md"]: renamed' in orch("plan", "--format", "markdown").out
    [change] = json.loads(orch("plan", "--format", "json").out)["changes"]
    assert [field.get("renamed_from") for field in change["fields"]] == [
        'files["docs/prices.txt"]',
        'files["docs/returns.md"]',
        None,
        None,
    ]
    done = orch("apply", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, "11 requests")
    assert uploaded(tmp_path / ".orch" / "local.db") == ["prices.txt", "returns.md"], "nothing was uploaded"
    assert orch("plan", "--refresh", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("target", ["local", "responses"])
def test_a_store_is_searched_as_assistants_do(orch, shop, tmp_path, target):
    (tmp_path / "orch.yaml").write_text(TWO_STORES)
    (shop / "prices.txt").write_text("A chair costs 40.\n\nA table costs 90.")
    on = ("--target", target)
    assert orch("apply", "--yes", *on).code == 0
    done = orch("search", "handbook", "what does a chair cost", *on)
    assert done.code == 0
    assert re.match(r" 1  0\.\d{3}  docs/prices\.txt  shelf=a\n      A chair costs 40\.\n", done.out)
    data = json.loads(orch("search", "handbook", "chair", "--format", "json", "-n", "1", *on).out)
    assert (data["format"], data["store"], data["query"]) == ("orch.search/1", "handbook", "chair")
    [result] = data["results"]
    assert (result["rank"], result["file"], result["attributes"]) == (1, "docs/prices.txt", {"shelf": "a"})
    assert orch("search", "handbook", "chair", "--filter", "shelf=b", *on).out == "Nothing found.\n"
    ne = '{"type": "ne", "key": "shelf", "value": "b"}'
    assert "prices" in orch("search", "handbook", "chair", "--filter", ne, "--filter", "shelf=a", *on).out
    assert orch("search", "handbook", "zebra", *on).out == "Nothing found.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "x"), "there is no VectorStore called nowhere\n  hint: there are: handbook"),
        (
            ("handbook", "x"),
            "handbook is not there on target local\n  hint: run `orch apply --target local`",
        ),
        (("handbok", "x"), "there is no VectorStore called handbok\n  hint: did you mean `handbook`?"),
        (("handbook", "x", "--filter", "y=NaN"), "NaN is no number that JSON has"),
        (("handbook", "x", "--filter", "y=1e999"), "1e999 is no number that JSON has"),
        (("handbook", "x", "--filter", '{"type": "eq", "key": "y", "value": Infinity}'), "Infinity is no number"),
        (("handbook", "x", "--filter", "y=\udcff"), "bytes that are no UTF-8"),
        (("handbook", "x\udcff"), "bytes that are no UTF-8"),
        (("handbook", "x", "--filter", "y"), "--filter y is neither KEY=VALUE nor JSON"),
        (("handbook", "x", "--filter", "{"), "--filter { is no JSON"),
        (("handbook", "x", "-n", "51"), "51 is not in the range 1<=x<=50"),
    ],
)
def test_what_cannot_be_searched_is_told(orch, shop, arguments, said):
    done = orch("search", *arguments)
    assert done.code in (2, 64)
    assert said in done.err


def test_a_name_that_no_spec_has_is_refused_before_the_target_is_opened(orch, shop, tmp_path):
    assert orch("search", "handbok", "x").code == 64
    assert not (tmp_path / ".orch" / "local.db").exists()
