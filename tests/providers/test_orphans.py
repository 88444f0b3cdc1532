import time

import pytest

from orchestrator.errors import TargetRejectedError
from orchestrator.providers._client import Client
from orchestrator.providers.assistants import AssistantsProvider
from orchestrator.providers.interface import LooseFile, Swept, Upload
from tests.providers.building import JOURNAL, documents, in_process, refusal, run

A = "papers/a.md"


async def upload(provider, tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    return str((await provider._client.upload("/files", {"purpose": "assistants"}, file))["id"])


async def files(provider):
    return {item["id"] for item in await provider._client.list_all("/files")}


async def store_with_a_file(provider, tmp_path):
    id = await provider.create(documents(tmp_path, {A: "a"}), JOURNAL)
    (file,) = await files(provider)
    return id, file


def test_an_upload_with_an_id_is_deleted_where_its_store_does_not_have_it(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            store, attached = await store_with_a_file(provider, tmp_path)
            loose = await upload(provider, tmp_path, "b.md", "b")
            del witness.seen[:]
            left = await provider.sweep([Upload(store, "a.md", 1, 0.0, attached), Upload(store, "b.md", 1, 0.0, loose)])
            assert left == Swept()
            assert await files(provider) == {attached}
            assert [name for name in witness.seen if name.startswith("GET /vector_stores")] == [
                "GET /vector_stores",
                *(f"GET /vector_stores/{store}/files/{id}" for id in sorted([attached, loose])),
            ]

    run(check())


def test_an_upload_without_an_id_is_found_by_name_size_and_time(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            store, attached = await store_with_a_file(provider, tmp_path)
            await upload(provider, tmp_path, "b.md", "bb")
            others = {
                await upload(provider, tmp_path, "b.md", "other size"),
                await upload(provider, tmp_path, "c.md", "bb"),
            }
            assert await provider.sweep([Upload(store, "b.md", 2, time.time())]) == Swept()
            assert await files(provider) == {attached, *others}

    run(check())


@pytest.mark.parametrize("at", [-1000.0, 1000.0])
def test_a_file_made_at_another_time_is_somebody_elses(tmp_path, at):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            theirs = await upload(provider, tmp_path, "b.md", "bb")
            assert await provider.sweep([Upload("vs_1", "b.md", 2, time.time() + at)]) == Swept()
            assert await files(provider) == {theirs}

    run(check())


def test_a_file_that_is_in_any_store_is_not_touched(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            _, attached = await store_with_a_file(provider, tmp_path)
            other = await provider.create(documents(tmp_path, {}), JOURNAL)
            assert await provider.sweep([Upload(other, "a.md", 1, time.time())]) == Swept()
            assert await files(provider) == {attached}

    run(check())


def test_where_more_files_fit_than_were_sent_none_is_deleted_and_the_name_is_told(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            both = {await upload(provider, tmp_path, "b.md", "bb"), await upload(provider, tmp_path, "b.md", "bb")}
            assert await provider.sweep([Upload("vs_1", "b.md", 2, time.time())]) == Swept(("b.md",))
            assert await files(provider) == both
            assert await provider.sweep([Upload("vs_1", "b.md", 2, time.time())] * 2) == Swept()
            assert await files(provider) == set()

    run(check())


def test_nothing_in_doubt_asks_nothing(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            assert await provider.sweep([]) == Swept()
            assert witness.seen == []

    run(check())


def test_a_failed_look_deletes_nothing(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            loose = await upload(provider, tmp_path, "b.md", "bb")
            witness.instead = lambda name, count: refusal("no", 400) if name.startswith("GET /vector_stores") else None
            for known in (None, loose):
                with pytest.raises(TargetRejectedError, match="no"):
                    await provider.sweep([Upload("vs_1", "b.md", 2, time.time(), known)])
            assert await files(provider) == {loose}

    run(check())


def test_all_pages_of_the_files_are_looked_through(tiny):
    page = {"data": [{"id": "file-1", "filename": "other.md", "bytes": 1}], "has_more": True}
    last = {"data": [{"id": "file-2", "filename": "a.md", "bytes": 7, "created_at": 5}]}
    nothing = {"data": [], "has_more": False}
    tiny.will(page, last, nothing, nothing)

    async def look():
        provider = AssistantsProvider(Client(tiny.url, None))
        try:
            return await provider.fetch_loose([("a.md", 1)])
        finally:
            await provider.close()

    assert run(look()) == (LooseFile("a.md", "file-2", 7, 5, other_size=True),)
    assert ("after", "file-1") in tiny.asked[1].query
