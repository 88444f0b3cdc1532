"""A folder of documents that a vector store keeps in step with."""

import json
import re
from pathlib import Path

import pytest

from orchestrator.spec.hashes import FILE

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
def shop(tmp_path) -> Path:
    (tmp_path / "orch.yaml").write_text(SPECS)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "returns.md").write_text("Within 30 days.")
    return tmp_path / "docs"


def test_what_could_not_be_indexed_is_told_and_not_sent_again_until_it_changes(orch, shop):
    (shop / "prices.txt").write_bytes(BROKEN)
    failed = orch("apply", "--yes")
    assert failed.code == 1
    assert "not searchable: docs/prices.txt: " in failed.out
    assert "only --retry-failed sends them again" in failed.out
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
    (shop.parent / FILE).write_text(json.dumps({"format": "orch.files/1", "files": {}}))
    file = shop / "returns.md"
    status = file.stat()
    seen = {"docs/returns.md": [status.st_size, status.st_mtime_ns, "0" * 64]}
    (shop.parent / FILE).write_text(json.dumps({"format": "orch.files/1", "files": seen}))
    assert orch("plan", "--detailed-exitcode").code == 2, "what is remembered is believed"
    assert orch("plan", "--detailed-exitcode", "--refresh").code == 0


def test_a_saved_plan_takes_no_such_wish(orch, shop, tmp_path):
    assert orch("plan", "--out", "plan.json").code == 0
    assert orch("apply", "plan.json", "--refresh").code == 64
    assert "without --target, --only, --prune, --refresh" in orch("apply", "plan.json", "--retry-failed").err
