"""Word and PowerPoint documents give what a reader sees; hostile ones give up in time and read nothing else."""

import asyncio
import io
import sys
import tempfile
import zipfile
from typing import IO

import docx
import pptx
import pytest
from pptx.util import Inches

from orchestrator.server.knowledge.documents import DocumentError, ParserLimits, open_text, read_text

KOREAN = "언어 모델은 비지도 다중 과제 학습기이다"


@pytest.fixture
def upload():
    with tempfile.TemporaryFile() as file:
        yield file


def extract(upload: IO[bytes], filename: str, data: bytes, limits: ParserLimits | None = None) -> str:
    upload.write(data)
    upload.flush()

    async def text() -> str:
        with await open_text(filename, upload, limits) as opened:
            return "".join(read_text(filename, opened))

    return asyncio.run(text())


def refusal(upload: IO[bytes], filename: str, data: bytes, limits: ParserLimits | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        extract(upload, filename, data, limits)
    assert caught.value.message.startswith(filename)
    assert "\n" not in caught.value.message
    return caught.value


def word() -> bytes:
    document = docx.Document()
    document.add_heading("Returns", 1)
    document.add_paragraph(KOREAN)
    table = document.add_table(2, 3)
    for number, text in enumerate(["item", "price", "days", "chair", "40", "30"]):
        table.cell(number // 3, number % 3).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    document.add_paragraph("After the table.")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def slides() -> bytes:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Prices"
    first.placeholders[1].text = KOREAN
    first.notes_slide.notes_text_frame.text = "Say it slowly."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    box = second.shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "Within a group."
    table = second.shapes.add_table(1, 2, 0, 0, Inches(1), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "chair", "40"
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def repacked(data: bytes, **changes: bytes | None) -> bytes:
    """Give an archive with parts changed: `document` is word/document.xml; None leaves it out."""
    names = {"document": "word/document.xml"}
    given = {names[name]: content for name, content in changes.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = given.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def test_a_text_document_gives_its_paragraphs_and_tables_in_order(upload):
    assert extract(upload, "Returns.DOCX", word()) == (
        f"Returns\n\n{KOREAN}\n\nitem | price days\nchair | 40 | 30\n\nAfter the table."
    )


def test_a_presentation_gives_its_slides_with_their_notes(upload):
    assert extract(upload, "deck.pptx", slides()) == (
        f"Prices\n{KOREAN}\nSay it slowly.\n\nWithin a group.\nchair | 40"
    )


def test_without_the_extra_it_is_unsupported_and_the_extra_is_named(upload, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    error = refusal(upload, "a.docx", word())
    assert error.code == "unsupported_file"
    assert "pip install python-docx python-pptx" in error.message


BOMB = b"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a '%s'>%s]><d>&h;</d>" % (
    b"lol" * 10,
    b"".join(b"<!ENTITY %c '%s'>" % (ord("b") + n, b"&%c;" % (ord("a") + n) * 10) for n in range(7)),
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"text", "not a valid archive"),
        (word()[:3000], "not a valid archive"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a password"),
        (repacked(word(), document=None), "neither a text document nor a presentation"),
        (repacked(word(), document=b"<oops"), "its parts do not fit together"),
        (repacked(word(), document=b"<a/>"), ""),
        (repacked(word(), document=BOMB), ""),
    ],
    ids=["text", "cut", "old", "no document", "no xml", "other xml", "entities"],
)
def test_a_broken_document_is_invalid_and_says_why(upload, data, reason):
    error = refusal(upload, "broken.docx", data, ParserLimits(seconds=30))
    assert error.code == "invalid_file"
    assert reason in error.message
    assert len(error.message) < 400


def test_nothing_else_of_the_machine_is_read(upload, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")
    body = zipfile.ZipFile(io.BytesIO(word())).read("word/document.xml").decode()
    head, _, rest = body.partition("?>")
    evil = f"{head}?><!DOCTYPE d [<!ENTITY x SYSTEM '{secret.as_uri()}'>]>{rest.replace('After the table.', '&x;')}"
    try:
        text = extract(upload, "evil.docx", repacked(word(), document=evil.encode()))
    except DocumentError as error:
        text = error.message
    assert "TOPSECRET" not in text


def test_an_archive_that_unpacks_to_too_much_is_stopped(upload):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "x")
        with archive.open("word/media/image1.png", "w", force_zip64=True) as part:
            for _ in range(1025):
                part.write(bytes(1024**2))
    assert "unpacks to more than 1024 MB" in refusal(upload, "bomb.docx", file.getvalue()).message


def test_a_document_that_needs_too_much_memory_or_time_is_stopped(upload):
    rows = b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 300_000
    body = zipfile.ZipFile(io.BytesIO(word())).read("word/document.xml")
    large = repacked(word(), document=body.replace(b"<w:body>", b"<w:body>" + rows))
    error = refusal(upload, "large.docx", large, ParserLimits(memory_bytes=200 * 1024**2))
    assert error.code == "invalid_file"
    upload.seek(0)
    upload.truncate()
    assert "within 0.3 seconds" in refusal(upload, "large.docx", large, ParserLimits(seconds=0.3)).message
