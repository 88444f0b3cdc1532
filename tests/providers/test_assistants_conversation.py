import pytest

from orchestrator.errors import TargetRejectedError, TargetUnknownError
from orchestrator.model.conversation import (
    Answer,
    Citation,
    CodeRun,
    Failure,
    MadeFile,
    Passage,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.providers._client import Client
from orchestrator.providers.assistants import AssistantsProvider
from orchestrator.providers.assistants_conversation import get_evidence
from tests.providers.building import JOURNAL, TUTOR, desired, documents, in_process, refusal, run

QUIZ = {"tools.quiz": "function", "tools.quiz.parameters": {"type": "object", "properties": {}}}
RUN = {"id": "run_1", "thread_id": "thread_1"}
DONE = ("done", "[DONE]")
CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


def texts(reply):
    return [message.text for message in reply.messages]


async def talk_to(provider, fields=None, ids=None):
    assistant = await provider.create(desired(TUTOR, {"model": "m", **(fields or {})}, ids), JOURNAL)
    provider.requests.counts.clear()
    return provider.open(assistant)


def test_each_turn_is_one_request_and_the_thread_goes_at_the_end(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider)
            first = await conversation.send("hi")
            second = await conversation.send("hi again")
            assert (first.status, texts(first), texts(second)) == (ReplyStatus.COMPLETED, ["hello"], ["hello"])
            assert first.usage.output_tokens > 0
            await conversation.close()
            await conversation.close()
            assert provider.requests.counts == {
                "POST /threads/runs": 1,
                "POST /threads/{id}/runs": 1,
                "DELETE /threads/{id}": 1,
            }

    run(check())


def test_nothing_is_sent_before_the_first_message(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider)
            await conversation.close()
            assert provider.requests.total == 0

    run(check())


def test_calls_are_answered_together_in_one_request(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            conversation = await talk_to(provider, QUIZ)
            asked = await conversation.send("quiz")
            assert (asked.status, asked.messages, asked.usage) == (ReplyStatus.NEEDS_ANSWERS, (), Usage())
            assert [(call.name, call.arguments) for call in asked.calls] == [("quiz", {"n": 1}), ("quiz", {"n": 2})]
            done = await conversation.answer([Answer(call.id, f"a{call.arguments['n']}") for call in asked.calls])
            assert (texts(done), done.calls) == (["you said a1 and a2"], ())
            assert provider.requests.counts == {
                "POST /threads/runs": 1,
                "POST /threads/{id}/runs/{id}/submit_tool_outputs": 1,
            }

    run(check())


def test_an_answer_that_is_not_whole_is_refused_as_on_every_wire(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            conversation = await talk_to(provider, QUIZ)
            calls = (await conversation.send("quiz")).calls
            asked = len(witness.seen)
            with pytest.raises(TargetRejectedError) as caught:
                await conversation.answer([Answer(calls[0].id, "a")])
            wanted = ", ".join(sorted(call.id for call in calls))
            assert caught.value.message == f"results are wanted for {wanted}, given for {calls[0].id}"
            with pytest.raises(TargetRejectedError, match="the turn before is not done"):
                await conversation.send("never mind")
            assert len(witness.seen) == asked
            await conversation.close()

    run(check())


def test_a_search_gives_its_passages_and_what_is_cited_by_name(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            wanted = documents(tmp_path, {"sea/whales.md": "All whales breathe air.", "b.txt": "Cats purr."})
            store = await provider.create(wanted, JOURNAL)
            fields = {"tools.file_search": "file_search", "tools.file_search.vector_stores": [store]}
            conversation = await talk_to(provider, fields)
            reply = await conversation.send("search")
            (search,) = reply.evidence.searches
            assert search.passages[0].file == "whales.md"
            assert search.passages[0].text.strip() == "All whales breathe air."
            assert 0 < search.passages[0].score <= 1
            (message,) = reply.messages
            (citation,) = message.citations
            assert (citation.file, citation.file_id) == ("whales.md", search.passages[0].file_id)
            assert citation.text in message.text
            assert provider.requests.counts == {"POST /threads/runs": 1, "GET /threads/{id}/runs/{id}/steps": 1}

    run(check())


def test_a_failed_run_says_why(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            reply = await (await talk_to(provider)).send("fail")
            assert (reply.status, reply.failure.code) == (ReplyStatus.FAILED, "rate_limit_exceeded")

    run(check())


def test_a_run_that_may_have_begun_is_not_repeated(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            conversation = await talk_to(provider)
            witness.instead = lambda name, count: refusal("oops", 500) if name == "POST /threads/runs" else None
            with pytest.raises(TargetUnknownError, match="oops"):
                await conversation.send("hi")
            assert witness.seen.count("POST /threads/runs") == 1

    run(check())


def over(tiny, *says):
    """Talk over the tiny server; gives the replies and the file names that were learned."""

    async def talk():
        provider = AssistantsProvider(Client(tiny.url, None))
        try:
            conversation = provider.open("asst_1")
            return [await conversation.send(said) for said in says]
        finally:
            await provider.close()

    return run(talk())


def step(*calls, event="completed"):
    return (f"thread.run.step.{event}", {"id": "step_1", "step_details": {"type": "tool_calls", "tool_calls": calls}})


def message(*parts, event="completed"):
    return (f"thread.message.{event}", {"id": "msg_1", "role": "assistant", "content": list(parts)})


def text(value, *annotations):
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def cite(file_id, marker):
    return {"type": "file_citation", "text": marker, "file_citation": {"file_id": file_id}}


def code(source, *outputs):
    return {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": source, "outputs": list(outputs)}}


def found(*results):
    return {"id": "call_2", "type": "file_search", "file_search": {"results": list(results)}}


def test_what_happened_is_told_in_order_and_once(tiny, frames):
    logs, image = {"type": "logs", "logs": "1\n"}, {"type": "image", "image": {"file_id": "file-i"}}
    link = {"type": "file_path", "text": "sandbox:/mnt/data/out.csv", "file_path": {"file_id": "file-p"}}
    annotations = cite("file-a", "【1】"), link
    parts = text("see 【1】", *annotations), {"type": "image_file", "image_file": {"file_id": "file-i"}}
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    result = {"file_id": "file-a", "file_name": "a.md", "score": 0.5, "content": [{"type": "text", "text": "x"}]}
    first = [
        ("thread.created", {"id": "thread_1"}),
        ("thread.run.queued", RUN),
        step(code("print(1)", logs, image, logs)),
        step(found(result)),
        message(*parts),
        message({"type": "refusal", "refusal": "I will not"}),
        ("thread.message.completed", {"role": "user", "content": [text("mine")]}),
        ("thread.run.completed", {**RUN, "usage": usage}),
        DONE,
    ]
    second = [("thread.run.completed", RUN), DONE]
    tiny.will(frames(first), frames(second))
    one, two = over(tiny, "a", "b")
    assert [asked.path for asked in tiny.asked] == ["/v1/threads/runs", "/v1/threads/thread_1/runs"]
    assert tiny.asked[0].json == {
        "assistant_id": "asst_1",
        "thread": {"messages": [{"role": "user", "content": "a"}]},
        "stream": True,
    }
    assert tiny.asked[1].json["additional_messages"] == [{"role": "user", "content": "b"}]
    assert tiny.asked[1].query == [("include[]", CONTENT)]
    assert one.evidence.code_runs == (CodeRun("print(1)", "1\n1\n", images=1),)
    assert one.evidence.searches == (Search((Passage("file-a", "a.md", 0.5, "x"),)),)
    assert texts(one) == ["see 【1】", "I will not"]
    assert one.messages[0].citations == (Citation("file-a", "a.md", "【1】"),)
    assert one.messages[0].files == (MadeFile("file-p", "out.csv"), MadeFile("file-i"))
    assert one.steps == ("code_interpreter", "file_search", "message", "message")
    assert one.usage == Usage(3, 2)
    assert (two.messages, two.evidence.searches, two.usage) == ((), (), Usage())


def test_a_file_the_text_does_not_link_is_asked_for_its_name(tiny, frames):
    link = {"type": "file_path", "text": "sandbox:/mnt/data/a.csv", "file_path": {"file_id": "file-1"}}
    event, said = message(text("done", link))
    said["attachments"] = [{"file_id": "file-1", "tools": []}, {"file_id": "file-2", "tools": []}]
    tiny.will(frames([(event, said), ("thread.run.completed", RUN)]), {"id": "file-2", "filename": "b.csv"})
    (reply,) = over(tiny, "a")
    assert reply.messages[0].files == (MadeFile("file-1", "a.csv"), MadeFile("file-2", "b.csv"))
    assert [asked.path for asked in tiny.asked] == ["/v1/threads/runs", "/v1/files/file-2"]


def test_the_name_of_a_cited_file_is_asked_for_once(tiny, frames, answer):
    stream = frames(
        [message(text("【1】【2】", cite("file-1", "【1】"), cite("file-2", "【2】"))), ("thread.run.completed", RUN)]
    )
    gone = answer({"error": {"message": "No such File object"}}, 404)
    tiny.will(stream, {"id": "file-1", "filename": "a.md"}, gone, stream, gone)
    one, two = over(tiny, "a", "b")
    assert [citation.file for citation in one.messages[0].citations] == ["a.md", None]
    assert [citation.file for citation in two.messages[0].citations] == ["a.md", None]
    assert [asked.path for asked in tiny.asked].count("/v1/files/file-1") == 1


def test_texts_that_the_stream_leaves_out_are_read_from_the_steps(tiny, frames):
    bare = {"file_id": "file-a", "file_name": "a.md", "score": 0.5}
    whole = {**bare, "content": [{"type": "text", "text": "x"}]}
    details = {"type": "tool_calls", "tool_calls": [found(whole)]}
    tiny.will(
        frames([step(found(bare)), ("thread.run.completed", RUN)]),
        {"data": [{"id": "step_1", "step_details": details}], "has_more": False},
    )
    (reply,) = over(tiny, "a")
    assert reply.evidence.searches == (Search((Passage("file-a", "a.md", 0.5, "x"),)),)
    assert tiny.asked[1].path == "/v1/threads/thread_1/runs/run_1/steps"
    assert ("include[]", CONTENT) in tiny.asked[1].query


def test_a_search_that_found_nothing_asks_no_more(tiny, frames):
    tiny.will(frames([step(found()), ("thread.run.completed", RUN)]))
    (reply,) = over(tiny, "a")
    assert reply.evidence.searches == (Search(()),)
    assert len(tiny.asked) == 1


@pytest.mark.parametrize("end", ["failed", "cancelled", "expired"])
def test_what_was_done_before_the_end_is_kept(tiny, frames, end):
    partly = message(text("half"), event="incomplete")
    tiny.will(frames([step(code("1/0"), event=end), partly, (f"thread.run.{end}", {**RUN, "last_error": None}), DONE]))
    (reply,) = over(tiny, "a")
    assert (reply.status.value, texts(reply)) == (end, ["half"])
    assert [each.code for each in reply.evidence.code_runs] == ["1/0"]


def test_an_incomplete_run_says_why(tiny, frames):
    details = {"incomplete_details": {"reason": "max_completion_tokens"}}
    tiny.will(frames([("thread.run.incomplete", {**RUN, **details})]))
    (reply,) = over(tiny, "a")
    assert reply.status is ReplyStatus.INCOMPLETE
    assert reply.failure == Failure("incomplete", "max_completion_tokens")


@pytest.mark.parametrize("events", [[], [("thread.run.in_progress", RUN)], [("thread.run.in_progress", RUN), DONE]])
def test_a_stream_that_ends_early_is_no_answer(tiny, frames, events):
    tiny.will(frames([("thread.created", {"id": "thread_1"}), *events]))
    with pytest.raises(TargetUnknownError, match="ended its stream before"):
        over(tiny, "a")


def test_an_error_event_is_the_end(tiny, frames):
    tiny.will(frames([("thread.run.in_progress", RUN), ("error", {"message": "overloaded", "code": None}), DONE]))
    with pytest.raises(TargetUnknownError, match="overloaded"):
        over(tiny, "a")


def test_what_is_not_there_yet_reads_as_nothing():
    assert get_evidence([{"type": "function", "function": {}}, code("x")]).code_runs == (CodeRun("x", ""),)


APPROVAL = {"id": "call_1", "type": "mcp", "name": "search", "server_label": "docs", "arguments": "{}"}


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (
            {"type": "submit_tool_approval", "submit_tool_approval": {"tool_calls": [APPROVAL]}},
            "_approval (docs search)",
        ),
        ({"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [APPROVAL]}}, "_outputs (docs search)"),
        ({"type": "submit_a_smile"}, "submit_a_smile"),
        ({}, "submit_tool_outputs"),
    ],
)
def test_what_a_run_waits_for_besides_outputs_fails_by_name(tiny, frames, action, told):
    tiny.will(frames([("thread.run.requires_action", {**RUN, "required_action": action}), DONE]))
    (reply,) = over(tiny, "a")
    assert (reply.status, reply.calls) == (ReplyStatus.FAILED, ())
    assert reply.failure is not None
    assert reply.failure.code == "requires_action"
    assert reply.failure.message.endswith(f"{told}, which orch cannot give")


def test_parts_annotations_and_steps_that_nobody_knows_are_no_matter(tiny, frames):
    url = {"type": "url_citation", "text": "【1】", "url_citation": {"url": "https://x.example", "title": "X"}}
    said = message(text("known 【1】", url))
    said[1]["content"].append({"type": "hologram", "hologram": {"x": 1}})
    bing = {"id": "call_b", "type": "bing_grounding", "bing_grounding": {"requesturl": "https://api.example"}}
    tiny.will(frames([step(bing), said, ("thread.run.dreaming", RUN), ("thread.run.completed", RUN), DONE]))
    (reply,) = over(tiny, "a")
    assert (reply.status, texts(reply)) == (ReplyStatus.COMPLETED, ["known 【1】"])
    assert reply.messages[0].citations == ()
    assert reply.evidence.searches == ()
