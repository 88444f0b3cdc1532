"""The Files API over a real port, with the official client."""

import urllib.request
from collections.abc import Callable

import openai
import pytest


def refused(call: Callable[[], object], status: int = 400) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    assert caught.value.status_code == status
    return caught.value


def test_a_file_is_uploaded_read_listed_and_deleted(client):
    file = client.files.create(file=("논문.md", "# 언어 모델\n".encode()), purpose="assistants")
    assert file.id.startswith("file-")
    assert (file.bytes, file.filename, file.purpose, file.status) == (16, "논문.md", "assistants", "processed")
    assert client.files.retrieve(file.id) == file
    assert client.files.list().data == [file]
    assert client.files.delete(file.id).model_dump() == {"id": file.id, "object": "file", "deleted": True}
    assert client.files.list().data == []
    missing = refused(lambda: client.files.retrieve(file.id), 404)
    assert missing.message == f"Error code: 404 - No file found with id '{file.id}'."
    refused(lambda: client.files.delete(file.id), 404)


@pytest.mark.parametrize("filename", ["/etc/notes.txt", "C:\\work\\notes.txt", "../../notes.txt"])
def test_only_the_base_name_is_kept(client, filename):
    assert client.files.create(file=(filename, b"x"), purpose="assistants").filename == "notes.txt"


def test_what_was_uploaded_for_assistants_is_not_given_out(client):
    for purpose in ("assistants", "user_data"):
        file = client.files.create(file=("a.txt", b"x"), purpose=purpose)
        error = refused(lambda: client.files.content(file.id))  # noqa: B023 - called at once
        assert error.message == f"Error code: 400 - Not allowed to download files of purpose: {purpose}"


def test_a_large_file_comes_back_as_it_was(client):
    data = bytes(range(256)) * 10_240
    file = client.files.create(file=("batch.jsonl", data), purpose="batch")
    assert file.bytes == len(data)
    assert client.files.content(file.id).read() == data
    client.files.delete(file.id)
    refused(lambda: client.files.content(file.id), 404)


def test_an_empty_file_is_a_file(client):
    file = client.files.create(file=("empty.txt", b""), purpose="batch")
    assert file.bytes == 0
    assert client.files.content(file.id).read() == b""


def test_lists_are_paged_ordered_and_filtered(client):
    ids = [client.files.create(file=(f"{n}.txt", b"x"), purpose="assistants").id for n in range(5)]
    other = client.files.create(file=("b.txt", b"x"), purpose="batch").id
    assert [file.id for file in client.files.list(limit=2, purpose="assistants", order="asc")] == ids
    assert [file.id for file in client.files.list()] == [other, *reversed(ids)]
    page = client.files.list(limit=2, order="asc", after=ids[0])
    assert ([file.id for file in page.data], page.has_more) == (ids[1:3], True)
    assert refused(lambda: client.files.list(limit=10_001)).param == "limit"
    assert refused(lambda: client.files.list(limit=0)).param == "limit"
    assert refused(lambda: client.files.list(after="file-none")).param == "after"


def test_a_file_expires(client, clock):
    policy = {"anchor": "created_at", "seconds": 3600}
    file = client.files.create(file=("a.txt", b"x"), purpose="assistants", expires_after=policy)
    store = client.vector_stores.create(file_ids=[file.id])
    assert file.expires_at == file.created_at + 3600
    clock.time += 3600
    refused(lambda: client.files.retrieve(file.id), 404)
    assert client.files.list().data == []
    assert client.vector_stores.retrieve(store.id).file_counts.total == 0


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"purpose": "reading"}, "purpose"),
        ({"expires_after": {"anchor": "created_at", "seconds": 60}}, "expires_after[seconds]"),
        ({"expires_after": {"anchor": "last_active_at", "seconds": 3600}}, "expires_after[anchor]"),
        ({"expires_after": {"anchor": "created_at"}}, "expires_after[seconds]"),
        ({"extra_body": {"colour": "red"}}, "colour"),
    ],
)
def test_wrong_fields_are_refused_and_nothing_is_stored(client, extra, param):
    fields = {"file": ("a.txt", b"x"), "purpose": "assistants", **extra}
    assert refused(lambda: client.files.create(**fields)).param == param
    assert client.files.list().data == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext\r\n--x--',
        ),
    ],
    ids=["json", "no boundary", "file is text", "no purpose"],
)
def test_a_wrong_form_is_refused(client, content_type, body):
    request = urllib.request.Request(f"{client.base_url}files", body, {"content-type": content_type})
    with pytest.raises(urllib.request.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as reply:
        assert reply.code == 400
        assert b'"type":"invalid_request_error"' in reply.read()


def test_a_file_beyond_the_limit_is_refused_by_its_announced_size(client):
    request = urllib.request.Request(f"{client.base_url}files", b"", {"content-length": str(600 * 1024**2)})
    with pytest.raises(urllib.request.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as reply:
        assert reply.code == 413


def test_replies_have_the_published_shape(client, conforms):
    raw = client.files.with_raw_response
    policy = {"anchor": "created_at", "seconds": 3600}
    created = raw.create(file=("a.txt", b"x"), purpose="assistants", expires_after=policy).http_response.json()
    conforms(created, "OpenAIFile")
    conforms(raw.list().http_response.json(), "ListFilesResponse")
    conforms(raw.delete(created["id"]).http_response.json(), "DeleteFileResponse")
