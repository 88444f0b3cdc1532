from orchestrator.model.address import Kind
from orchestrator.providers.holding import FEW, held, in_use
from tests.providers.building import JOURNAL, TUTOR, desired, documents, in_process, run


def test_few_are_asked_for_one_by_one_and_many_by_the_page(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            id = await provider.create(documents(tmp_path, {"a.md": "a"}), JOURNAL)
            live = await provider.fetch_files(await provider.fetch(Kind.VECTOR_STORE, id))
            assert live.files is not None
            there = live.files["a.md"].id
            del witness.seen[:]
            assert await held(provider._client, [id], [there, "file-none"]) == {there}
            assert len(witness.seen) == 2
            del witness.seen[:]
            many = [there, *(f"file-{number}" for number in range(FEW + 1))]
            assert await held(provider._client, [id, "vs_gone"], many) == {there}
            assert witness.seen == [f"GET /vector_stores/{id}/files", "GET /vector_stores/vs_gone/files"]

    run(check())


def test_what_an_assistant_names_is_in_use(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            (tmp_path / "a.csv").write_text("1")
            ids = []
            for _ in range(2):
                made = await provider._client.upload("/files", {"purpose": "assistants"}, tmp_path / "a.csv")
                ids.append(made["id"])
            given = {"code_interpreter": {"file_ids": ids[:1]}}
            body = {"model": "x", "tools": [{"type": "code_interpreter"}], "tool_resources": given}
            await provider._client.post("/assistants", body, once=True)
            await provider.create(desired(TUTOR, {"model": "x"}), JOURNAL)
            assert await in_use(provider._client, ["/assistants"], ids) == {ids[0]}
            del witness.seen[:]
            assert await in_use(provider._client, ["/assistants"], []) == frozenset()
            assert witness.seen == []

    run(check())
