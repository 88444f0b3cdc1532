"""Checks of what was found and cited: a file is told by its path, also where others share its name."""

import json
from pathlib import Path

import pytest

SPECS = """
kind: Project
name: shop
targets:
  local: {provider: local}
  responses: {provider: local, speaks: responses, db: .orch/responses.db}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/**/*', chunking: {max_chunk_size_tokens: 100, chunk_overlap_tokens: 0}}]
---
kind: Assistant
name: desk
model: m
tools: [{file_search: {vector_stores: [handbook]}}]
---
kind: ScriptedModel
name: m
rules:
  - {user: cost, search: what does a desk cost}
  - {user: return, search: Goods are taken back}
  - {user: long, search: first words}
  - {after: file_search, reply: "{{ results[0].text }}", cite: true}
"""
SCENARIO = "kind: Scenario\nname: {name}\nassistant: desk\nturns:\n- user: {user}\n  checks:\n"
TARGETS = ["local", "responses"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "orch.yaml").write_text(SPECS)
    for path, text in {
        "en/returns.md": "Goods are taken back within 30 days.",
        "ko/returns.md": "반품은 30일 이내에 가능합니다.",
        "prices.md": "A desk costs 40.",
        "sale.md": "There is none.",
    }.items():
        file = tmp_path / "docs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def ask(folder: Path, user: str, *checks: str, name: str = "s") -> None:
    (folder / f"{name}.yaml").write_text(
        SCENARIO.format(name=name, user=user) + "".join(f"  - {check}\n" for check in checks)
    )


def requests(done) -> int:
    [attempt] = json.loads(done.out)["scenarios"][0]["attempts"]
    return int(attempt["requests"])


@pytest.mark.parametrize("target", TARGETS)
def test_a_file_is_told_from_its_namesake_in_another_folder(orch, shop, target):
    on = ("--target", target)
    right = ("retrieved: {file: docs/en/returns.md, within: 1}", "cites: en/returns.md")
    wrong = ("retrieved: {file: docs/ko/returns.md, within: 1}", "cites: ko/returns.md")
    ask(shop, "return", *right, *(f"not: {{{each}}}" for each in wrong))
    assert orch("apply", "--yes", *on).code == 0
    done = orch("test", *on)
    assert done.code == 0, done.out
    ask(shop, "return", *wrong)
    failed = orch("test", *on)
    assert failed.code == 1
    assert "1. docs/en/returns.md (" in failed.out
    assert "got:      citations of docs/en/returns.md; file_search found passages of docs/en/returns.md" in failed.out
    ask(shop, "return", "cites: returns.md", "retrieved: docs/nowhere/returns.md")
    told = orch("validate").err
    assert "s.yaml:7:12: error: `returns.md` is the name of 2 files" in told
    assert "hint: write docs/en/returns.md or docs/ko/returns.md" in told
    assert "s.yaml:8:16: error: assistant `desk` has no file `docs/nowhere/returns.md` in its vector stores" in told


def test_a_store_is_asked_for_paths_only_where_files_are_checked_and_once(orch, shop):
    ask(shop, "return", "contains: Goods")
    assert orch("apply", "--yes").code == 0
    plain = requests(orch("test", "--format", "json"))
    ask(shop, "return", "any_of: [{not: {cites: ko/returns.md}}]")
    assert requests(orch("test", "--format", "json")) == plain + 1
    ask(shop, "return", "cites: en/returns.md", name="second")
    told = json.loads(orch("test", "--format", "json", "--concurrency", "1").out)["scenarios"]
    assert sorted(each["attempts"][0]["requests"] for each in told) == [plain, plain + 1]
    ask(shop, "nothing that is searched", "not: {cites: en/returns.md}")
    told = json.loads(orch("test", "--name", "s", "--format", "json").out)["scenarios"]
    assert told[0]["attempts"][0]["requests"] <= plain, "nothing was found, and nothing is asked"


def costs(shop: Path, path: str, *others: str) -> None:
    """Say where the price of a desk is found."""
    checks = (f"retrieved: {{file: {path}, within: 1}}", f'cites: {{file: {path}, quote: "costs 40"}}')
    ask(shop, "cost", *checks, *(f"not: {{cites: {other}}}" for other in others))


@pytest.mark.parametrize("target", TARGETS)
def test_documents_are_edited_deleted_and_renamed_and_a_new_one_takes_an_old_name(orch, shop, target):
    on = ("--target", target)
    costs(shop, "docs/prices.md")
    assert orch("apply", "--yes", *on).code == 0
    assert orch("test", *on).code == 0
    docs = shop / "docs"
    (docs / "en" / "returns.md").write_text("Goods are taken back within 14 days.")
    (docs / "sale.md").unlink()
    (docs / "prices.md").rename(docs / "old-prices.md")
    assert "hint: did you mean `docs/old-prices.md`?" in orch("validate").err
    costs(shop, "docs/old-prices.md")
    changes = [line.partition(": ")[0].strip() for line in orch("plan", *on).out.split("\n") if "files[" in line]
    assert changes == [
        '~ files["docs/en/returns.md"]',
        '~ files["docs/prices.md"] -> files["docs/old-prices.md"]',
        '- files["docs/sale.md"]',
    ]
    assert orch("apply", "--yes", *on).code == 0
    done = orch("test", *on)
    assert done.code == 0, done.out
    (docs / "prices.md").write_text("Chairs and lamps.")
    assert orch("apply", "--yes", *on).code == 0
    assert orch("plan", "--detailed-exitcode", *on).code == 0
    costs(shop, "old-prices.md", "./docs/prices.md", "docs/prices.md")
    done = orch("test", *on)
    assert done.code == 0, done.out
    costs(shop, "docs/prices.md")
    wrong = orch("test", *on)
    assert wrong.code == 1
    assert "1. docs/old-prices.md (" in wrong.out


def test_a_quote_is_looked_for_in_the_file_and_not_only_in_what_was_found(orch, shop):
    words = " ".join(f"word{number}" for number in range(400))
    (shop / "docs" / "long.md").write_text(f"The first words.\n{words}\nThe very last sentence.")
    quote = '"word199 word200\\nword201"'
    ask(
        shop,
        "long",
        "cites: {file: long.md, quote: The very last sentence}",
        *(f'cites: {{file: long.md, quote: "word{n} word{n + 1} word{n + 2}"}}' for n in range(0, 390, 10)),
        f"cites: {{file: long.md, quote: {quote}}}",
        "not: {cites: {file: long.md, quote: word2 word4}}",
        "not: {cites: {file: docs/prices.md, quote: A desk costs}}",
    )
    assert orch("apply", "--yes").code == 0
    done = orch("test")
    assert done.code == 0, done.out


def test_recordings_hold_paths_and_older_ones_are_read(orch, shop):
    right = ("retrieved: {file: docs/en/returns.md, within: 1}", "cites: {file: en/returns.md, quote: 30 days}")
    ask(shop, "return", *right)
    ask(shop, "cost", "contains: desk", name="plain")
    assert orch("apply", "--yes").code == 0
    assert orch("test", "--record", "new").code == 0
    recorded = shop / "recordings" / "local" / "s.json"
    assert '"docs/en/returns.md"' in recorded.read_text()
    for file in (shop / ".orch").glob("local.db*"):
        file.unlink()
    assert orch("test", "--record", "none").code == 0
    ask(shop, "return", *right, "cites: ko/returns.md")
    assert orch("test", "--record", "none", "--name", "s").code == 1
    ask(shop, "cost", "contains: desk", "cites: {file: docs/prices.md, quote: costs 40}", name="plain")
    done = orch("test", "--record", "none", "--name", "plain")
    assert done.code == 0, "the check is younger than the recording, and one file alone has the name: " + done.out
    ask(shop, "return", *right)
    text = recorded.read_text()
    talk = text.partition('"conversations"')[2]
    recorded.write_text(text.replace(talk, talk.replace("docs/en/returns.md", "returns.md")))
    old = orch("test", "--record", "none", "--name", "s")
    assert old.code == 1
    assert "returns.md may be docs/en/returns.md or docs/ko/returns.md: only its name was recorded" in old.out
