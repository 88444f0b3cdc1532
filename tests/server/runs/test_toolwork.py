"""Runs that use hosted tools, with tools whose answers are known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from orchestrator.server.knowledge.files import UploadedFiles
from orchestrator.server.tools import CodeUnavailableError, Execution, SearchHit, StoredFile

TOOLS = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {"max_num_results": 3}}]
HITS = [
    SearchHit("file-a", "a.pdf", 0.9, "Scaling laws", {}),
    SearchHit("file-b", "b.pdf", 0.5, "Attention", {}),
]
INCLUDE = "include[]=step_details.tool_calls[*].file_search.results[*].content"


@dataclass
class Interpreter:
    """Runs no code; gives what it was told to give."""

    execution: Execution | None = None
    asked: list[tuple[str, str, Sequence[tuple[str, bytes]]]] = field(default_factory=list)

    async def run(self, thread_id, code, files):
        self.asked.append((thread_id, code, list(files)))
        if self.execution is None:
            raise CodeUnavailableError("bubblewrap is missing; install it")
        return self.execution


@dataclass
class Library:
    """Finds what it was told to find."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def search(self, vector_store_ids, query, max_num_results, ranking_options=None, filters=None):
        self.asked.append((tuple(vector_store_ids), query, max_num_results, ranking_options, filters))
        return HITS


async def run_once(http, text, thread=None, tools=TOOLS, **body):
    """Ask once; gives the finished run, the newest message and the steps."""
    assistant = (await http.post("/assistants", json={"model": "gpt-4o", "tools": tools})).json()
    thread = {"messages": [{"role": "user", "content": text}], **(thread or {})}
    made = await http.post("/threads/runs", json={"assistant_id": assistant["id"], "thread": thread, **body})
    run = made.json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    while (run := (await http.get(path)).json())["status"] in ("queued", "in_progress"):
        await asyncio.sleep(0.005)
    message = (await http.get(f"/threads/{run['thread_id']}/messages")).json()["data"][0]
    steps = (await http.get(f"{path}/steps?order=asc&{INCLUDE}")).json()["data"]
    return run, message, steps


def test_code_leaves_a_step_and_its_output_reaches_the_reply(settings, app_client, conforms):
    interpreter = Interpreter(Execution("42\n"))

    async def check():
        async with app_client(replace(settings, code_runner=interpreter)) as http:
            return await run_once(http, "code")

    run, message, steps = asyncio.run(check())
    assert run["status"] == "completed"
    assert message["content"][0]["text"]["value"] == "it says 42"
    assert interpreter.asked == [(run["thread_id"], "print(6 * 7)", [])]
    for step in steps:
        conforms(step, "RunStepObject")
    (call,) = steps[0]["step_details"]["tool_calls"]
    assert call["code_interpreter"] == {"input": "print(6 * 7)", "outputs": [{"type": "logs", "logs": "42\n"}]}
    assert set(call) == {"id", "type", "code_interpreter"}


def test_files_go_in_and_pictures_and_files_come_out(settings, app_client, conforms, make_model):
    files = UploadedFiles(settings.store)
    given = [files.add(f"{n}.txt", n.encode(), "assistants") for n in ("assistant", "thread", "message")]
    rules = [{"user": "code", "code": "plot()"}, {"after": "code_interpreter", "reply": "see sandbox:/mnt/data/a.csv"}]
    interpreter = Interpreter(Execution("", images=(b"PNG",), files=(("a.csv", b"1,2"),)))
    whole = replace(settings, code_runner=interpreter, files=files, models=[make_model(rules)])
    thread = {
        "messages": [
            {
                "role": "user",
                "content": "code",
                "attachments": [{"file_id": given[2], "tools": [{"type": "code_interpreter"}]}],
            }
        ],
        "tool_resources": {"code_interpreter": {"file_ids": [given[1]]}},
    }

    async def check():
        async with app_client(whole) as http:
            resources = {"code_interpreter": {"file_ids": [given[0], given[1]]}}
            return await run_once(http, "code", thread, tool_resources=resources)

    run, message, steps = asyncio.run(check())
    assert run["status"] == "completed"
    assert interpreter.asked[0][2] == [
        ("assistant.txt", b"assistant"),
        ("thread.txt", b"thread"),
        ("message.txt", b"message"),
    ]
    conforms(message, "MessageObject")
    image, text = message["content"]
    (output,) = steps[0]["step_details"]["tool_calls"][0]["code_interpreter"]["outputs"]
    assert output == {"type": "image", "image": {"file_id": image["image_file"]["file_id"]}}
    assert files.fetch_content(image["image_file"]["file_id"]) == StoredFile("image-1.png", b"PNG")
    (note,) = text["text"]["annotations"]
    assert text["text"]["value"][note["start_index"] : note["end_index"]] == note["text"] == "sandbox:/mnt/data/a.csv"
    written = files.fetch(note["file_path"]["file_id"])
    assert (written["filename"], written["purpose"]) == ("a.csv", "assistants_output")
    assert message["attachments"] == [{"file_id": written["id"], "tools": [{"type": "code_interpreter"}]}]


def test_where_code_cannot_run_the_run_says_what_to_install(settings, app_client, conforms):
    async def check(whole):
        async with app_client(whole) as http:
            return await run_once(http, "code")

    run, _, steps = asyncio.run(check(replace(settings, code_runner=Interpreter())))
    assert run["last_error"] == {"code": "server_error", "message": "bubblewrap is missing; install it"}
    assert steps[0]["status"] == "failed"
    conforms(steps[0], "RunStepObject")
    run, _, _ = asyncio.run(check(settings))
    assert "without a code interpreter" in run["last_error"]["message"]


def test_a_search_leaves_results_and_citations(settings, app_client, conforms, store):
    store.add("vector_store", {"id": "vs_1", "created_at": 1})
    store.add("vector_store", {"id": "vs_2", "created_at": 1})
    library = Library()
    lent = [{"file_search": {"vector_store_ids": [id]}} for id in ("vs_1", "vs_2")]

    async def check():
        async with app_client(replace(settings, searcher=library)) as http:
            run, message, steps = await run_once(http, "search", {"tool_resources": lent[1]}, tool_resources=lent[0])
            path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
            bare = (await http.get(f"{path}/{steps[0]['id']}")).json()
            wrong = await http.get(f"{path}?include[]=everything")
            return run, message, steps, bare, wrong

    run, message, steps, bare, wrong = asyncio.run(check())
    assert run["status"] == "completed"
    assert library.asked == [(("vs_1", "vs_2"), "language models", 3, None, None)]
    conforms(steps[0], "RunStepObject")
    (call,) = steps[0]["step_details"]["tool_calls"]
    assert set(call) == {"id", "type", "file_search"}
    assert call["file_search"] == {
        "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
        "results": [
            {
                "file_id": hit.file_id,
                "file_name": hit.filename,
                "score": hit.score,
                "content": [{"type": "text", "text": hit.text}],
            }
            for hit in HITS
        ],
    }
    assert [set(result) for result in bare["step_details"]["tool_calls"][0]["file_search"]["results"]] == [
        {"file_id", "file_name", "score"}
    ] * 2
    assert wrong.status_code == 400
    conforms(message, "MessageObject")
    text = message["content"][0]["text"]
    assert text["value"] == "Scaling laws【1:0†a.pdf】"
    (note,) = text["annotations"]
    assert note["file_citation"] == {"file_id": "file-a"}
    assert text["value"][note["start_index"] : note["end_index"]] == note["text"]


def test_a_search_without_vector_stores_fails_the_run(settings, app_client):
    async def check():
        async with app_client(settings) as http:
            return await run_once(http, "search")

    run, _, _ = asyncio.run(check())
    assert "started without vector stores" in run["last_error"]["message"]


def test_streams_tell_of_code_as_it_goes(settings, app_client):
    async def check():
        async with app_client(replace(settings, code_runner=Interpreter(Execution("42\n")))) as http:
            assistant = (await http.post("/assistants", json={"model": "gpt-4o", "tools": TOOLS})).json()
            thread = {"messages": [{"role": "user", "content": "code"}]}
            body = {"assistant_id": assistant["id"], "thread": thread, "stream": True}
            return (await http.post("/threads/runs", json=body)).text

    names = [line[7:] for line in asyncio.run(check()).splitlines() if line.startswith("event: ")]
    assert names[4:10] == [
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.run.step.delta",
        "thread.run.step.delta",
        "thread.run.step.completed",
        "thread.run.step.created",
    ]


def test_a_model_that_never_stops_is_stopped(settings, app_client, make_model):
    rules = [{"user": "code", "code": "1"}, {"after": "code_interpreter", "code": "1"}]
    interpreter = Interpreter(Execution("1"))

    async def check():
        async with app_client(replace(settings, code_runner=interpreter, models=[make_model(rules)])) as http:
            return await run_once(http, "code")

    run, _, _ = asyncio.run(check())
    assert run["last_error"]["message"] == "The model did not finish within 50 steps"
    assert len(interpreter.asked) == 50


@pytest.mark.parametrize("choice", ["none"])
def test_tool_choice_none_offers_no_tools(settings, app_client, choice):
    async def check():
        async with app_client(settings) as http:
            return await run_once(http, "code", tool_choice=choice)

    run, _, _ = asyncio.run(check())
    assert "because tool_choice is none" in run["last_error"]["message"]


def test_of_files_with_one_name_the_latest_goes_in(settings, app_client):
    files = UploadedFiles(settings.store)
    old, new = (files.add("a.csv", data, "assistants") for data in (b"1", b"2"))
    interpreter = Interpreter(Execution("done"))

    async def check():
        async with app_client(replace(settings, code_runner=interpreter, files=files)) as http:
            resources = {"code_interpreter": {"file_ids": [old, new]}}
            return await run_once(http, "code", tool_resources=resources)

    asyncio.run(check())
    assert interpreter.asked[0][2] == [("a.csv", b"2")]
