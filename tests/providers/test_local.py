import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import OrchError, SpecError
from orchestrator.model.address import Kind
from orchestrator.model.conversation import ReplyStatus
from orchestrator.model.project import Project, Target
from orchestrator.model.scripted import Rule, ScriptedModel
from orchestrator.providers.embeddings import RemoteEmbedder
from orchestrator.providers.local import open_local
from tests.providers.building import JOURNAL, TUTOR, desired

WHERE = Position("orch.yaml", 7, 5)


def project(root: Path, *models: ScriptedModel, **target) -> Project:
    return Project("p", root, "local", Target(provider="local", **target), WHERE, {}, (), models)


def test_the_database_is_made_in_the_project_and_kept(tmp_path):
    async def create():
        provider = await open_local(project(tmp_path))
        try:
            return await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL)
        finally:
            await provider.close()

    async def read(id):
        provider = await open_local(project(tmp_path))
        try:
            return await provider.fetch(Kind.ASSISTANT, id)
        finally:
            await provider.close()

    id = asyncio.run(create())
    assert (tmp_path / ".orch" / "local.db").is_file()
    assert asyncio.run(read(id)).fields["model"] == "m"


def test_a_target_may_name_its_own_database(tmp_path):
    async def open_and_close():
        await (await open_local(project(tmp_path, db="state/mine.db"))).close()

    asyncio.run(open_and_close())
    assert (tmp_path / "state" / "mine.db").is_file()
    assert not (tmp_path / ".orch").exists()


@pytest.mark.parametrize("db", ["../outside.db", "/tmp/orch-outside.db", "link/local.db"])
def test_a_database_outside_the_project_is_refused(tmp_path, db):
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(SpecError) as caught:
        asyncio.run(open_local(project(root, db=db)))
    (found,) = caught.value.diagnostics
    assert found.message == f"the database `{db}` lies outside the project"
    assert found.position == WHERE
    assert not list(tmp_path.rglob("*.db"))


@pytest.mark.parametrize("db", ["../outside.db", "no-database.db"])
def test_an_embedder_is_closed_also_where_the_database_cannot_be_opened(tmp_path, db):
    class Watched(RemoteEmbedder):
        closed = False

        async def close(self) -> None:
            self.closed = True
            await super().close()

    async def opened() -> bool:
        embedder = Watched("http://127.0.0.1:9/v1", "m")
        with pytest.raises(OrchError):
            await open_local(project(tmp_path, db=db), embedder)
        return embedder.closed

    (tmp_path / "no-database.db").write_text("This is no database, and long enough to be seen as none. " * 20)
    assert asyncio.run(opened())


def test_a_folder_that_cannot_be_made_is_said_at_the_target(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SpecError) as caught:
        asyncio.run(open_local(project(tmp_path, db="state/local.db")))
    assert "state cannot be made: " in caught.value.diagnostics[0].message


def test_a_file_that_is_no_database_is_said_and_left_as_it_is(tmp_path):
    (tmp_path / "local.db").write_text("my diary, and no database " * 100)
    with pytest.raises(OrchError, match=r"local\.db: cannot be used as a database"):
        asyncio.run(open_local(project(tmp_path, db="local.db")))
    assert (tmp_path / "local.db").read_text().startswith("my diary")


def test_runs_are_answered_by_the_models_of_the_project(tmp_path):
    rules = [Rule(user="bad", reply="{{ nothing }}"), Rule(reply="you said: {{ user }}")]

    async def talk():
        provider = await open_local(project(tmp_path, ScriptedModel(name="m", rules=rules)))
        try:
            conversation = provider.open(await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL))
            return await conversation.send("hi"), await conversation.send("bad")
        finally:
            await provider.close()

    good, bad = asyncio.run(talk())
    assert [message.text for message in good.messages] == ["you said: hi"]
    assert bad.status is ReplyStatus.FAILED
    assert "rule 1: the reply cannot be rendered" in bad.failure.message


def test_opening_loads_no_parser_no_kernel_and_no_port():
    program = (
        "import asyncio, sys, tempfile, pathlib\n"
        "from orchestrator.diagnostics import Position\n"
        "from orchestrator.model.project import Project, Target\n"
        "from orchestrator.providers.registry import open_provider\n"
        "async def main():\n"
        "    root = pathlib.Path(tempfile.mkdtemp())\n"
        "    target = Target(provider='local')\n"
        "    await (await open_provider(Project('p', root, 't', target, Position('o'), {}, (), ()), {})).close()\n"
        "asyncio.run(main())\n"
        "print(sorted(sys.modules))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("pypdf", "jupyter_client", "zmq", "uvicorn", "jsonschema") if f"'{name}'" in loaded]
