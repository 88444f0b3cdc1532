"""`orch migrate --from`: a live server of the Assistants protocol, over a real port, becomes a project."""

import json

import httpx2
import pytest

from tests.cli.test_migrate import FUNCTION
from tests.providers.building import on_port

KEY = "secret-key-of-the-source"
QUIZ = {**FUNCTION, "name": "quiz"}


def streamed(client, path, body):
    """Give the id of the thread and the data of the last event of a run."""
    reply = client.post(path, json={**body, "stream": True}, timeout=30).raise_for_status()
    data = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: {")]
    runs = [item for item in map(json.loads, data) if item["object"] == "thread.run"]
    return runs[-1]


def fill(client):
    """Put an assistant, a store with two files and a thread on the server; gives their ids."""
    files = {}
    for name, content in (("../Whale facts.md", b"Whales are large."), ("Notes (2).html", b"<p>Notes of 1999</p>")):
        made = client.post("/files", data={"purpose": "assistants"}, files={"file": (name, content)})
        files[name] = made.raise_for_status().json()["id"]
    store = client.post("/vector_stores", json={"name": "Papers"}).raise_for_status().json()["id"]
    small = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 20}}
    entries = [{"file_id": id, "attributes": {"topic": "sea"}, "chunking_strategy": small} for id in files.values()]
    batch = client.post(f"/vector_stores/{store}/file_batches", json={"files": entries}).raise_for_status().json()
    while batch["status"] == "in_progress":
        batch = client.get(f"/vector_stores/{store}/file_batches/{batch['id']}").json()
    body = {
        "name": "Tutor",
        "model": "m",
        "tools": [{"type": "file_search"}, {"type": "function", "function": QUIZ}],
        "tool_resources": {"file_search": {"vector_store_ids": [store]}},
    }
    assistant = client.post("/assistants", json=body).raise_for_status().json()["id"]
    said = {"messages": [{"role": "user", "content": "a quiz please"}]}
    run = streamed(client, "/threads/runs", {"assistant_id": assistant, "thread": said})
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": f"answer {n}"} for n, call in enumerate(calls)]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    assert streamed(client, path, {"tool_outputs": outputs})["status"] == "completed"
    return {"assistant": assistant, "store": store, "thread": run["thread_id"], "files": files}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server with a key and something on it: its address and the ids of what is there."""
    folder = tmp_path.parent / f"{tmp_path.name}-server"
    folder.mkdir()
    monkeypatch.setenv("SOURCE_KEY", KEY)
    headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v2"}
    with on_port(folder, KEY) as url, httpx2.Client(base_url=url, headers=headers) as client:
        yield url, fill(client), client


def test_a_live_server_becomes_a_project_with_its_knowledge_and_a_thread(orch, server, tmp_path):
    url, made, _ = server
    (tmp_path / "threads.txt").write_text(f"# of last week\n{made['thread']}  # the quiz\n\nthread_gone\n")
    given = ("--from", f"{url}?api-version=1", "--api-key-env", "SOURCE_KEY", "--threads", "threads.txt")
    done = orch("migrate", *given, "--into", "new")
    assert done.code == 0, done.err
    # 5 lists, 2 texts, and of the threads 1 object, 2 lists and the steps of 1 run; the other thread is not there
    read = "read 1 assistant, 1 vector store, 2 files, 2 texts of files, 1 thread, 2 messages in 11 requests"
    assert read in done.err
    assert "thread_gone  no scenario: the server has no such thread" in done.out
    assert "vector_store.papers  2 files as text in new/knowledge/papers/" in done.out
    knowledge = tmp_path / "new" / "knowledge" / "papers"
    assert {path.name: path.read_text() for path in knowledge.iterdir()} == {
        "Whale_facts.md": "Whales are large.",
        "Notes_2_.html": "Notes of 1999",
    }
    assert "attributes: {topic: sea}" in (tmp_path / "new" / "vector-stores" / "papers.yaml").read_text()
    [scenario] = (tmp_path / "new" / "scenarios").iterdir()
    assert "answer 0" in scenario.read_text()
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "new").rglob("*") if path.is_file())
    assert orch("apply", "new").code == 0
    assert orch("plan", "new").out.startswith("Nothing to do: 2 resources")


def test_nothing_is_written_to_the_server(orch, server):
    url, _, client = server
    before = [client.get(path).text for path in ("/assistants", "/vector_stores", "/files")]
    assert orch("migrate", "--from", url, "--api-key-env", "SOURCE_KEY", "--into", "new").code == 0
    assert [client.get(path).text for path in ("/assistants", "/vector_stores", "/files")] == before


def test_a_target_of_the_project_is_read_by_its_name(orch, server, tmp_path):
    url, made, _ = server
    (tmp_path / "orch.yaml").write_text(
        "kind: Project\nname: p\ntargets:\n  local: {provider: local}\n"
        f"  old: {{provider: assistants, base_url: '{url}', api_key: {{env: SOURCE_KEY}}}}\n"
        f"  new: {{provider: agents, base_url: '{url}', api_key: {{env: SOURCE_KEY}}}}\n"
    )
    done = orch("migrate", "--from", "old", "--into", "specs", "--keep-ids")
    assert done.code == 0, done.err
    plan = json.loads(orch("plan", "--format", "json").out)
    changes = {change["address"]: change for change in plan["changes"]}
    assert changes["assistant.tutor"]["action"] == "noop"
    assert changes["assistant.tutor"]["id"] == made["assistant"]
    assert changes["vector_store.papers"]["action"] == "update"
    assert {field["path"] for field in changes["vector_store.papers"]["fields"]} == {
        'files["specs/knowledge/papers/Whale_facts.md"]',
        'files["specs/knowledge/papers/Notes_2_.html"]',
    }
    assert orch("apply").code == 0
    assert orch("plan").out.startswith("Nothing to do")
    other = orch("migrate", "--from", "new", "--into", "other")
    assert (other.code, (tmp_path / "other").exists()) == (64, False)
    assert "target new speaks agents" in other.err


def test_files_without_a_text_are_named_with_where_to_put_them(orch, server, tmp_path):
    url, made, client = server
    for id in made["files"].values():
        client.delete(f"/files/{id}").raise_for_status()
    picture = client.post("/files", data={"purpose": "assistants"}, files={"file": ("map.pdf", b"%PDF-1.4 broken")})
    entry = {"file_id": picture.json()["id"]}
    client.post(f"/vector_stores/{made['store']}/files", json=entry).raise_for_status()
    done = orch("migrate", "--from", url, "--api-key-env", "SOURCE_KEY", "--into", "new")
    assert done.code == 0, done.err
    assert f"{entry['file_id']}  the server has no text of it" in done.out
    told = "put its files (map.pdf) into new/knowledge/papers/ and declare them: files: [{path: ../knowledge/papers/*}]"
    assert told in done.out
    assert orch("validate", "new").code == 0
    (tmp_path / "new" / "knowledge" / "papers").mkdir(parents=True)
    (tmp_path / "new" / "knowledge" / "papers" / "map.md").write_text("here")
    with (tmp_path / "new" / "vector-stores" / "papers.yaml").open("a") as spec:
        spec.write("files: [{path: ../knowledge/papers/*}]\n")
    assert orch("validate", "new").code == 0, "as it was told"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "there is nothing to migrate"),
        (["d.json", "--from", "http://localhost:1/v1"], "are two sources"),
        (["d.json", "--threads", "t.txt"], "go with --from"),
        (["--from", "http://localhost:1/v1", "--threads", "gone.txt"], "gone.txt: "),
        (["--from", "http://localhost:1/v1", "--threads", "t.txt"], "t.txt:2: this is not a thread id"),
        (["--from", "http://localhost:1/v1", "--api-key-env", "a key"], "takes the name of an environment variable"),
        (["--from", "old"], "--from old: there is no project here, and no address"),
        (["--from", "http://[1"], "--from is no address"),
        (["--from", "old", "--api-key-env", "KEY"], "--api-key-env goes with an address"),
    ],
)
def test_what_cannot_be_meant_is_said(orch, tmp_path, arguments, told):
    (tmp_path / "t.txt").write_text("thread_1\n../assistants\n")
    done = orch("migrate", *arguments, "--into", "new")
    assert (done.code, (tmp_path / "new").exists()) == (64, False)
    assert told in done.err


def test_a_server_that_cannot_be_read_leaves_nothing(orch, server, tmp_path, monkeypatch):
    url, _, _ = server
    assert "SOURCE_KEY is not set" in _fails(orch, monkeypatch, "", url)
    assert "Incorrect API key provided. (HTTP 401)" in _fails(orch, monkeypatch, "wrong-key", url)
    assert not (tmp_path / "new").exists()


def _fails(orch, monkeypatch, key, url):
    monkeypatch.setenv("SOURCE_KEY", key)
    done = orch("migrate", "--from", url, "--api-key-env", "SOURCE_KEY", "--into", "new")
    assert done.code == 1
    assert not key or key not in done.out + done.err
    return done.err
