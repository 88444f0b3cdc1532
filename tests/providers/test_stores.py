import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from orchestrator.errors import TargetBusyError, TargetRejectedError, TargetUnknownError
from orchestrator.model.address import Kind
from orchestrator.model.fields import file_path
from orchestrator.providers._client import Client
from orchestrator.providers.assistants import AssistantsProvider
from orchestrator.providers.contents import Content
from orchestrator.providers.interface import Live, LiveFile, Upload
from orchestrator.providers.shelf import SLICE, upload
from orchestrator.providers.stores import decide, fetch_files
from tests.providers.building import (
    CHUNKING,
    JOURNAL,
    PAPERS,
    SMALL_CHUNKS,
    Notes,
    desired,
    documents,
    in_process,
    refusal,
    run,
)

A, B, C = "papers/a.md", "b.txt", "논문/ㄷ.md"
BROKEN = b"%PDF-1.4 this is no document"
NO_TEXT = b"\xff\xfe\x00\xd8 half a character"
UPLOAD = "POST /files"


async def read(provider, id):
    return await provider.fetch_files(await provider.fetch(Kind.VECTOR_STORE, id))


def shas(live):
    return {label: file.value["sha256"] for label, file in live.files.items()}


def paths_of(wanted):
    return frozenset(path for path in wanted.fields if path.startswith("files["))


async def updated(provider, id, wanted, *labels):
    await provider.update(
        await read(provider, id), wanted, frozenset(map(file_path, labels)) or paths_of(wanted), JOURNAL
    )
    return await read(provider, id)


def test_new_files_cost_an_upload_each_one_batch_and_the_record(tmp_path):
    wanted = documents(tmp_path, {A: "a", B: "b", C: "c"}, attributes={"topic": "lm", "year": 2.5})

    async def check():
        async with in_process(tmp_path) as (provider, _):
            id = await provider.create(wanted, JOURNAL)
            counts = dict(provider.requests.counts)
            polls = counts.pop("GET /vector_stores/{id}/file_batches/{id}")
            assert polls >= 1
            assert counts == {
                "POST /vector_stores": 1,
                "POST /files": 3,
                "POST /vector_stores/{id}/file_batches": 1,
                "POST /vector_stores/{id}": 1,
            }
            live = await read(provider, id)
            assert {path: live.fields[path] for path in paths_of(wanted)} == {
                path: wanted.fields[path] for path in paths_of(wanted)
            }
            assert (live.marks, live.file_count) == (wanted.marks, 3)
            assert all(file.ours for file in live.files.values())

    run(check())


def test_a_file_keeps_its_name_for_citations(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            live = await read(provider, await provider.create(documents(tmp_path, {C: "c"}), JOURNAL))
            assert (await provider._client.get(f"/files/{live.files[C].id}"))["filename"] == "ㄷ.md"

    run(check())


def test_a_label_longer_than_an_attribute_comes_back(tmp_path):
    label = f"{'very-long-folder/' * 60}a.md"

    async def check():
        async with in_process(tmp_path) as (provider, _):
            live = await read(provider, await provider.create(documents(tmp_path, {label: "a"}), JOURNAL))
            assert list(live.files) == [label]

    run(check())


def test_new_content_is_searchable_before_the_old_goes(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {A: "old", B: "b"}), JOURNAL)
            before = await read(provider, id)
            del witness.seen[:]
            after = await updated(provider, id, documents(tmp_path, {A: "new", B: "b"}), A)
            old = before.files[A].id
            batches = [name for name in witness.seen if "/file_batches" in name]
            assert witness.seen.index(batches[-1]) < witness.seen.index(f"DELETE /files/{old}")
            assert witness.named("DELETE") == [f"/files/{old}"], "which takes it out of the store too"
            assert after.files[A].id != old
            assert after.files[B] == before.files[B]
            assert (after.file_count, witness.named("POST").count("/files")) == (2, 1)

    run(check())


def test_a_search_in_the_middle_of_a_swap_finds_one_of_the_two(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            id = await provider.create(documents(tmp_path, {A: "penguins of old"}), JOURNAL)

            async def found() -> set[str]:
                answer = await provider._client.post(f"/vector_stores/{id}/search", {"query": "penguins"}, once=False)
                return {hit["content"][0]["text"] for hit in answer["data"]}

            assert await found() == {"penguins of old"}
            swap = asyncio.create_task(updated(provider, id, documents(tmp_path, {A: "penguins anew"}), A))
            meanwhile = []
            while not swap.done():
                meanwhile.append(await found())
            await swap
            assert meanwhile
            assert all(meanwhile)
            assert await found() == {"penguins anew"}

    run(check())


def test_a_file_that_is_no_longer_wanted_goes_and_one_of_somebody_else_is_only_detached(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {A: "a", B: "b"}), JOURNAL)
            (tmp_path / "theirs.md").write_text("theirs")
            theirs = await provider._client.upload("/files", {"purpose": "assistants"}, tmp_path / "theirs.md")
            attach = {"file_id": theirs["id"], "attributes": {"x": 1}}
            await provider._client.post(f"/vector_stores/{id}/files", attach, once=True)
            live = await read(provider, id)
            assert live.files[theirs["id"]].ours is False
            assert live.files[theirs["id"]].value["attributes"] == {"x": 1}
            after = await updated(provider, id, documents(tmp_path, {B: "b"}), A, theirs["id"])
            assert list(after.files) == [B]
            deleted = witness.named("DELETE")
            assert f"/files/{live.files[A].id}" in deleted
            assert f"/files/{theirs['id']}" not in deleted

    run(check())


def test_other_attributes_are_changed_in_place(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {A: "a"}), JOURNAL)
            before = await read(provider, id)
            del witness.seen[:]
            after = await updated(provider, id, documents(tmp_path, {A: "a"}, attributes={"topic": "lm"}))
            assert after.files[A].value["attributes"] == {"topic": "lm"}
            assert after.files[A].id == before.files[A].id
            path = f"/vector_stores/{id}"
            assert witness.named("POST") == [path, f"{path}/files/{before.files[A].id}", path]
            assert witness.named("DELETE") == []

    run(check())


def test_other_chunking_attaches_again_without_an_upload(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {A: "a"}), JOURNAL)
            before = await read(provider, id)
            del witness.seen[:]
            wanted = documents(tmp_path, {A: "a"}, chunking=SMALL_CHUNKS, attributes={"topic": "lm"})
            after = await updated(provider, id, wanted)
            assert after.files[A].value["chunking"] == SMALL_CHUNKS
            assert after.files[A].value["attributes"] == {"topic": "lm"}
            assert after.files[A].id == before.files[A].id
            assert UPLOAD not in witness.seen
            assert witness.named("DELETE") == [f"/vector_stores/{id}/files/{before.files[A].id}"]

    run(check())


def test_a_new_file_that_fails_is_named_and_remembered_and_the_old_stays(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            id = await provider.create(documents(tmp_path, {A: "a", B: "b", C: "c"}), JOURNAL)
            before = await read(provider, id)
            wanted = documents(tmp_path, {A: "a2", "d.pdf": BROKEN, B: NO_TEXT})
            with pytest.raises(TargetRejectedError) as caught:
                await updated(provider, id, wanted, A, B, C, "d.pdf")
            assert caught.value.message.startswith("not searchable: ")
            assert "d.pdf: " in caught.value.message
            after = await read(provider, id)
            assert after.marks.files is None
            assert set(after.files) == {A, B, "d.pdf"}, "what failed holds back only what it was to replace"
            assert after.files[A].id != before.files[A].id
            assert (after.files[B].id, after.files[B].value) == (before.files[B].id, before.files[B].value)
            assert list(after.files[B].failures) == [wanted.fields[file_path(B)]["sha256"]]
            assert (after.file_count, after.failed_count) == (2, 2)

    run(check())


def test_of_what_failed_the_last_attempt_stays_and_all_go_with_the_next_that_succeeds(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            id = await provider.create(documents(tmp_path, {A: "a"}), JOURNAL)
            for broken in (NO_TEXT, NO_TEXT + b"!?"):
                with pytest.raises(TargetRejectedError):
                    await updated(provider, id, documents(tmp_path, {A: broken}), A)
                live = await read(provider, id)
                assert len(live.files[A].attempts) == 1
                assert len(await provider._client.list_all("/files")) == 2
            after = await updated(provider, id, documents(tmp_path, {A: "b"}), A)
            assert (list(after.files), after.files[A].attempts, after.failed_count) == ([A], (), 0)
            assert len(await provider._client.list_all("/files")) == 1
            with pytest.raises(TargetRejectedError):
                await updated(provider, id, documents(tmp_path, {A: NO_TEXT}), A)
            await provider.delete(await provider.fetch(Kind.VECTOR_STORE, id))
            assert await provider._client.list_all("/files") == []

    run(check())


def test_a_store_whose_files_fail_is_there_with_its_marks_and_no_record(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            wanted = documents(tmp_path, {A: "a", "d.pdf": BROKEN})
            with pytest.raises(TargetRejectedError, match=r"not searchable: d\.pdf: .*"):
                await provider.create(wanted, JOURNAL)
            (live,) = await provider.fetch_live(Kind.VECTOR_STORE)
            assert live.marks == replace(wanted.marks, files=None)
            files = (await read(provider, live.id)).files
            assert {label: bool(file.failures) for label, file in files.items()} == {A: False, "d.pdf": True}

    run(check())


def test_what_is_refused_at_upload_is_named_and_the_others_go_on(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            wanted, notes = documents(tmp_path, {A: "a", B: "b", C: "c", "d.md": "d"}), Notes()
            Path(wanted.sources["d.md"]).unlink()
            witness.instead = lambda name, count: refusal("too large", 413) if (name, count) == (UPLOAD, 2) else None
            with pytest.raises(TargetRejectedError) as caught:
                await provider.create(wanted, notes)
            assert caught.value.message.startswith("not uploaded: ")
            assert "too large (HTTP 413)" in caught.value.message
            assert "d.md: cannot read " in caught.value.message
            (live,) = await provider.fetch_live(Kind.VECTOR_STORE)
            assert live.file_count == 2
            assert len(await provider._client.list_all("/files")) == 2
            assert notes.open == [], "nothing is in doubt"

    run(check())


def test_a_target_that_refuses_everything_is_not_sent_every_file(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("no uploads") if name == UPLOAD else None
            with pytest.raises(TargetRejectedError, match="the first 20 files were all refused"):
                await provider.create(documents(tmp_path, {f"{n}.md": str(n) for n in range(60)}), JOURNAL)
            assert witness.seen.count(UPLOAD) < 40

    run(check())


def test_what_an_error_stops_is_not_sent_and_what_is_there_is_attached(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("broke", 500) if (name, count) == (UPLOAD, 3) else None
            with pytest.raises(TargetUnknownError, match="broke"):
                await provider.create(documents(tmp_path, {f"{n}.md": str(n) for n in range(60)}), JOURNAL)
            (live,) = await provider.fetch_live(Kind.VECTOR_STORE)
            assert live.file_count == witness.seen.count(UPLOAD) - 1
            assert live.file_count < 20

    run(check())


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_files_are_sent_at_a_time_than_asked_for(tmp_path, most):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            provider.at_once, notes = most, Crowd()
            await provider.create(documents(tmp_path, {f"{n}.md": str(n) for n in range(9)}), notes)
            assert notes.most == most

    run(check())


class Crowd(Notes):
    """Notes how many uploads were under way at a time."""

    now = most = 0

    async def uploading(self, store_id, key, filename, size):
        self.now += 1
        self.most = max(self.most, self.now)
        return await super().uploading(store_id, key, filename, size)

    def uploaded(self, number, id):
        self.now -= 1
        super().uploaded(number, id)


def test_a_file_that_was_edited_since_it_was_planned_is_not_taken_and_the_others_are(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            wanted, notes = documents(tmp_path, {A: "a", B: "b"}), Notes()
            Path(wanted.sources[A]).write_text("z")
            with pytest.raises(TargetRejectedError, match=f"not uploaded: {A}: changed while apply ran; plan again"):
                await provider.create(wanted, notes)
            (live,) = await provider.fetch_live(Kind.VECTOR_STORE)
            assert list((await read(provider, live.id)).files) == [B]
            assert len(await provider._client.list_all("/files")) == 1
            assert notes.open == []

    run(check())


def test_a_file_that_grows_while_it_is_sent_is_not_what_was_planned(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("one")
    content = Content(path)
    with content.open("rb") as file, path.open("a") as more:
        more.write(", two")
        more.flush()
        assert file.read(2) + file.read() == b"one"
    assert content.sha256 == hashlib.sha256(b"one").hexdigest()
    with content.open("rb") as file:
        path.write_text("")
        assert file.read() == b""
    assert content.was_cut


@pytest.mark.parametrize(("status", "left"), [(400, 0), (503, 0), (500, 2)])
def test_a_batch_that_is_refused_leaves_no_file_and_one_in_doubt_leaves_them(tmp_path, status, left):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("no", status) if name.endswith("/file_batches") else None
            kind = {400: TargetRejectedError, 503: TargetBusyError, 500: TargetUnknownError}[status]
            with pytest.raises(kind):
                await provider.create(documents(tmp_path, {A: "a", B: "b"}), JOURNAL)
            assert len(await provider._client.list_all("/files")) == left

    run(check())


def test_a_store_in_the_middle_of_an_update_has_no_record_of_its_files(tmp_path):
    """Else a spec that is turned back in between would look as if it were applied."""

    async def check():
        async with in_process(tmp_path) as (provider, witness):
            fields = {"metadata.team": "x"}
            first = documents(tmp_path, {A: "old"})
            first = replace(first, fields={**first.fields, **fields})
            id = await provider.create(first, JOURNAL)
            live = await read(provider, id)
            assert live.marks.files is not None
            witness.instead = lambda name, count: (
                refusal() if name == f"POST /vector_stores/{id}" and count > 2 else None
            )
            with pytest.raises(TargetRejectedError):
                await provider.update(live, documents(tmp_path, {A: "new"}), frozenset({file_path(A)}), JOURNAL)
            now = await read(provider, id)
            assert now.marks == replace(live.marks, files=None)
            assert now.fields["metadata.team"] == "x"

    run(check())


def test_of_two_files_under_one_label_the_newer_has_it(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            wanted = documents(tmp_path, {A: "a"})
            id = await provider.create(wanted, JOURNAL)
            first = (await read(provider, id)).files[A]
            copy = await provider._client.upload("/files", {"purpose": "assistants"}, Path(wanted.sources[A]))
            attributes = {"orch.path": A, "orch.sha256": "bb"}
            attach = {"file_id": copy["id"], "attributes": attributes}
            await provider._client.post(f"/vector_stores/{id}/files", attach, once=True)
            files = (await read(provider, id)).files
            assert {label: file.id for label, file in files.items()} == {first.id: first.id, A: copy["id"]}

    run(check())


def test_deleting_a_store_deletes_what_orch_uploaded_and_is_done_twice(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            id = await provider.create(documents(tmp_path, {A: "a", B: "b"}), JOURNAL)
            live = await provider.fetch(Kind.VECTOR_STORE, id)
            provider.requests.counts.clear()
            await provider.delete(live)
            assert provider.requests.counts == {
                "GET /vector_stores/{id}/files": 1,
                "DELETE /files/{id}": 2,
                "DELETE /vector_stores/{id}": 1,
            }
            assert await provider._client.list_all("/files") == []
            await provider.delete(live)

    run(check())


def test_a_file_that_failed_is_sent_again_though_its_content_is_the_same(tmp_path):
    wanted = documents(tmp_path, {A: "a"})
    failed = LiveFile("file-1", {**wanted.fields[file_path(A)], "failed": "server error"}, ours=True)
    work = decide({A: failed}, wanted, paths_of(wanted))
    assert (list(work.upload), work.replaced) == ([A], {A: failed})


def labelled(*contents):
    """What each label has: so many files of these contents, the first ones not failed."""
    return {label: LiveFile(f"file-{sha256}", {**VALUE, "sha256": sha256}, ours=True) for label, sha256 in contents}


def wish(**contents):
    fields = {file_path(f"{name}.md"): {**VALUE, "sha256": sha256} for name, sha256 in contents.items()}
    return desired(PAPERS, {"display_name": "papers", **fields})


VALUE = {"attributes": {}, "chunking": CHUNKING}


@pytest.mark.parametrize(
    ("before", "wanted", "relabelled", "removed"),
    [
        pytest.param({"a": "1", "b": "2"}, {"a": "2", "b": "1"}, {"a": "2", "b": "1"}, [], id="changed places"),
        pytest.param({"a": "1", "b": "2"}, {"a": "2"}, {"a": "2"}, ["1"], id="moved over another"),
        pytest.param({"a": "1"}, {"a": "3", "b": "1"}, {"b": "1"}, [], id="moved, and another in its place"),
        pytest.param({"a": "1", "b": "2", "c": "3"}, {"a": "2", "b": "3", "c": "1"}, None, [], id="round"),
    ],
)
def test_content_that_is_in_the_store_is_not_uploaded_again(before, wanted, relabelled, removed):
    files = labelled(*((f"{name}.md", sha256) for name, sha256 in before.items()))
    paths = frozenset(file_path(f"{name}.md") for name in {*before, *wanted} if before.get(name) != wanted.get(name))
    work = decide(files, wish(**wanted), paths)
    found = {label.removesuffix(".md"): file.value["sha256"] for label, file in work.relabel.items()}
    assert found == (relabelled if relabelled is not None else wanted)
    assert [placed.file.value["sha256"] for placed in work.remove] == removed
    assert list(work.upload) == (["a.md"] if "3" in wanted.values() and len(before) == 1 else [])


def test_attempts_that_nobody_wants_go_whatever_changed():
    failed = [LiveFile(f"file-{n}", {**VALUE, "sha256": n, "failed": "no"}, ours=True) for n in ("8", "9")]
    files = {"a.md": replace(labelled(("a.md", "1"))["a.md"], attempts=tuple(failed))}
    assert [placed.file.id for placed in decide(files, wish(a="1"), frozenset()).remove] == ["file-8", "file-9"]
    renamed = decide(files, wish(b="1"), frozenset({file_path("a.md"), file_path("b.md")}))
    assert (list(renamed.relabel), [placed.file.id for placed in renamed.remove]) == (["b.md"], ["file-8", "file-9"])
    known = decide(files, wish(a="9"), frozenset())
    assert [placed.file.id for placed in known.remove] == ["file-8"], "what is declared and fails is remembered"


def test_files_that_change_places_are_changed_in_place(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {A: "one", B: "two"}), JOURNAL)
            before = await read(provider, id)
            del witness.seen[:]
            after = await updated(provider, id, documents(tmp_path, {A: "two", B: "one"}))
            assert (after.files[A].id, after.files[B].id) == (before.files[B].id, before.files[A].id)
            assert (UPLOAD in witness.seen, witness.named("DELETE")) == (False, [])

    run(check())


@pytest.mark.parametrize("status", [400, 503])
def test_where_other_chunking_is_refused_the_files_stay_as_they_were(tmp_path, status):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            wanted, notes = documents(tmp_path, {A: "a", B: "b"}, chunking=SMALL_CHUNKS), Notes()
            id = await provider.create(documents(tmp_path, {A: "a", B: "b"}), JOURNAL)
            before = await read(provider, id)
            batches = f"POST /vector_stores/{id}/file_batches"
            seen = len([name for name in witness.seen if name == batches])
            witness.instead = lambda name, count: (
                refusal("no", status) if name == batches and count == seen + 1 else None
            )
            with pytest.raises((TargetRejectedError, TargetBusyError), match="no"):
                await provider.update(before, wanted, paths_of(wanted), notes)
            assert (await read(provider, id)).files == before.files
            assert notes.open == []

    run(check())


def test_other_chunking_takes_few_files_out_at_a_time(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            texts = {f"{n}.md": str(n) for n in range(SLICE + 1)}
            id = await provider.create(documents(tmp_path, texts), JOURNAL)
            del witness.seen[:]
            after = await updated(provider, id, documents(tmp_path, texts, chunking=SMALL_CHUNKS))
            first = witness.seen.index(f"POST /vector_stores/{id}/file_batches")
            assert len([name for name in witness.seen[:first] if name.startswith("DELETE")]) == SLICE
            assert after.file_count == SLICE + 1
            assert all(file.value["chunking"] == SMALL_CHUNKS for file in after.files.values())

    run(check())


def test_what_a_killed_apply_uploaded_is_attached_by_the_next(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {B: "b"}), JOURNAL)
            wanted, notes = documents(tmp_path, {A: "a", B: "b"}), Notes()
            key, source = (A, wanted.fields[file_path(A)]["sha256"]), Path(wanted.sources[A])
            left, _ = await upload(provider._client, id, key, source, notes)
            other, _ = await upload(provider._client, id, key, source, notes)
            uploads = [Upload(id, "a.md", 1, 0.0, file, *key, n) for n, file in enumerate([left, other], 1)]
            swept = await provider.sweep(uploads, {key})
            assert len(swept.kept) == 1, "one is enough"
            del witness.seen[:]
            after = await updated(provider, id, wanted, A)
            assert after.files[A].id in (left, other)
            assert UPLOAD not in witness.seen
            assert len(await provider._client.list_all("/files")) == 2

    run(check())


def over(tiny, wanted, **more):
    async def create():
        provider = AssistantsProvider(Client(tiny.url, None), **more)
        try:
            await provider.create(wanted, JOURNAL)
        finally:
            await provider.close()

    return run(create())


def test_a_batch_that_is_never_done_is_given_up(tiny, tmp_path):
    tiny.will({"id": "x1", "status": "in_progress"})
    with pytest.raises(TargetUnknownError, match="1 files are not indexed after 0 s"):
        over(tiny, documents(tmp_path, {A: "a"}), index_seconds=0.05)


def test_the_target_says_how_long_to_wait_between_two_looks(tiny, answer, tmp_path):
    busy = answer({"id": "x1", "status": "in_progress"}, headers={"openai-poll-after-ms": "60000"})
    tiny.will({"id": "vs1"}, {"id": "f1"}, busy, {"id": "x1", "status": "in_progress"})
    with pytest.raises(TargetUnknownError):
        over(tiny, documents(tmp_path, {A: "a"}), index_seconds=0.3)
    assert len(tiny.asked) <= 5, "three to begin with, and one look at the end, or two where a clock is early"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_batch_that_ends_otherwise_names_every_file(tiny, tmp_path, status):
    empty = {"data": [], "has_more": False}
    tiny.will({"id": "vs1"}, {"id": "f1"}, {"id": "x1", "status": status}, empty, empty, {})
    with pytest.raises(TargetRejectedError, match=f"not searchable: {A}: its batch ended {status}"):
        over(tiny, documents(tmp_path, {A: "a"}))


def test_more_files_than_a_batch_takes_go_in_two(tmp_path):
    batches = []

    def reply(request):
        body = {"id": f"x{request.headers.get('x-n')}", "status": "completed"}
        if request.url.path.endswith("/files") and request.method == "POST":
            body["id"] = f"file-{len(uploads)}"
            uploads.append(body["id"])
        if request.url.path.endswith("/file_batches"):
            batches.append([file["file_id"] for file in json.loads(request.content)["files"]])
        return httpx2.Response(200, json=body)

    uploads: list[str] = []
    wanted = documents(tmp_path, {A: "a"})
    value, source = wanted.fields[file_path(A)], wanted.sources[A]
    labels = [f"{number}.md" for number in range(2001)]
    fields = {file_path(label): value for label in labels}
    many = replace(desired(PAPERS, fields), sources=dict.fromkeys(labels, source))

    async def create():
        provider = AssistantsProvider(Client("http://x/v1", None, transport=httpx2.MockTransport(reply)))
        try:
            await provider.create(many, JOURNAL)
            return provider.requests.counts
        finally:
            await provider.close()

    counts = run(create())
    assert [len(batch) for batch in batches] == [2000, 1]
    assert sorted(batches[0] + batches[1]) == sorted(uploads)
    assert counts["POST /files"] == 2001


def test_chunking_that_the_target_does_not_tell_is_what_it_does_by_itself(tiny):
    item = {"id": "f1", "status": "completed", "chunking_strategy": {"type": "other"}, "attributes": None}
    failed = {"id": "f2", "status": "failed", "last_error": {"code": "server_error", "message": "bad"}}
    waiting = {"id": "f3", "status": "in_progress", "last_error": None}
    tiny.will({"data": [item, failed, waiting], "has_more": False})

    async def read_all():
        client = Client(tiny.url, None)
        try:
            return (await fetch_files(client, Live(Kind.VECTOR_STORE, "vs", {}, None), seconds=0.05)).files
        finally:
            await client.close()

    files = run(read_all())
    assert files["f1"].value == {"sha256": None, "attributes": {}, "chunking": CHUNKING}
    assert (files["f2"].value["failed"], files["f2"].failures) == ("bad", {}), "the target's own error is no reason"
    assert (files["f3"].pending, "failed" in files["f3"].value) == (True, False)


def test_files_that_are_being_indexed_are_awaited(tiny):
    busy = {"id": "f1", "status": "in_progress", "attributes": None}
    tiny.will(*({"data": [{**busy, "status": status}], "has_more": False} for status in ("in_progress", "completed")))

    async def read_all():
        client = Client(tiny.url, None)
        try:
            return (await fetch_files(client, Live(Kind.VECTOR_STORE, "vs", {}, None))).files
        finally:
            await client.close()

    assert "failed" not in run(read_all())["f1"].value
    assert len(tiny.asked) == 2


def test_a_long_change_says_how_far_it_is(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            notes, four = Notes(), {f"{number}.md": f"penguins {number}" for number in range(4)}
            id = await provider.create(documents(tmp_path, four), notes)
            assert [step for step in notes.steps if step[0] == "uploaded"] == [("uploaded", n, 4) for n in (1, 2, 3, 4)]
            assert notes.steps[-1] == ("indexed", 4, 4)
            assert [done for step, done, _ in notes.steps if step == "indexed"] == sorted(
                done for step, done, _ in notes.steps if step == "indexed"
            )
            live, later = await read(provider, id), Notes()
            wanted = documents(tmp_path, {"0.md": "penguins 0", "1.md": "whales"})
            await provider.update(live, wanted, frozenset(file_path(f"{number}.md") for number in (1, 2, 3)), later)
            steps = [step for step, _, _ in later.steps]
            assert (steps[0], later.steps[-1]) == ("uploaded", ("removed", 3, 3)), "one that is replaced goes too"

    run(check())
