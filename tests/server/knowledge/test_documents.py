"""Every kind of document gives its text or a reason; a hostile one gives up in time."""

import asyncio
import codecs
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO

import pytest

from orchestrator.server.knowledge.documents import MAX_TEXT_BYTES, DocumentError, ParserLimits, open_text, read_text

ENGLISH = "Language models are unsupervised multitask learners"
KOREAN = "언어 모델은 비지도 다중 과제 학습기이다"


def pdf(pages: list[str], extra: bytes = b"", compress: bool = False) -> bytes:
    """A PDF by hand: one line a page, in a font whose codes are UTF-16 and whose ToUnicode map says so."""
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def "
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <FFFF> <0000> endbfrange "
        b"endcmap end end"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(pages), b" ".join(b"%d 0 R" % (6 + 2 * n) for n in range(len(pages)))),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /U /Encoding /Identity-H"
        b" /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /U /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(to_unicode),
    ]
    for number, text in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F 3 0 R >> >> >>" % (7 + 2 * number)
        )
        shown = f"BT /F 12 Tf 50 700 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode() if text else b""
        objects.append(_stream(shown + extra, compress))
    body = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(body),
    )


def _stream(data: bytes, compress: bool = False) -> bytes:
    if compress:
        data = zlib.compress(data, 9)
    filtered = b" /Filter /FlateDecode" if compress else b""
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), filtered, data)


@pytest.fixture
def upload() -> Iterator[IO[bytes]]:
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
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_in_each_encoding(upload, encoding):
    assert extract(upload, "노트.txt", f"{KOREAN}\r\n둘째 줄\r".encode(encoding)) == f"{KOREAN}\n둘째 줄\n"


def test_big_endian_utf_16(upload):
    assert extract(upload, "a.md", codecs.BOM_UTF16_BE + KOREAN.encode("utf-16-be")) == KOREAN


@pytest.mark.parametrize("extension", ["py", "JSON", "tex", "ts", "sh"])
def test_code_is_text(upload, extension):
    assert extract(upload, f"file.{extension}", b"print('x')") == "print('x')"


@pytest.mark.parametrize("filename", ["table.csv", "book.xlsx", "image.png", "README", ".txt", "paper.doc"])
def test_other_kinds_are_unsupported(upload, filename):
    error = refusal(upload, filename, b"text")
    assert error.code == "unsupported_file"
    assert "md, pdf" in error.message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "contains no text"),
        (b" \n\t\n", "contains no text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        ("한글".encode("euc-kr"), "at byte 0; save it as UTF-8"),
        (b"ok\x00binary", "a zero byte at character 2"),
        (b"\xff\xfea", "not UTF-8, UTF-16"),
    ],
)
def test_what_is_no_text_is_invalid(upload, data, reason):
    error = refusal(upload, "notes.txt", data)
    assert error.code == "invalid_file"
    assert reason in error.message
    assert "text recognition" not in error.message, "nothing was scanned"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("begin", range(4))
def test_a_text_is_read_in_parts_whatever_stands_where_they_meet(upload, encoding, begin):
    text = "." * begin + "한\r\n" * 60_000
    assert extract(upload, "long.md", text.encode(encoding)) == text.replace("\r\n", "\n")


def test_where_a_long_text_is_broken_is_told_from_its_beginning(upload):
    data = ("한" * 60_000).encode() + b"\xff" + b"x" * 100_000
    assert "at byte 180000;" in refusal(upload, "a.txt", data).message


def test_a_text_beyond_the_limit_is_refused_before_it_is_read_whole(upload):
    upload.truncate(MAX_TEXT_BYTES * 4)
    upload.seek(0, 2)
    assert "more than 64 MB" in refusal(upload, "big.txt", b"x").message


def test_html_gives_what_a_reader_sees(upload):
    page = """<!doctype html><html><head><title>언어 모델</title><style>p {color: red}</style>
    <script>var hidden = "<p>no</p>";</script></head><body><h1>GPT-2 &amp; friends</h1>
    <p>One   <b>bold</b>
    claim.</p><ul><li>first<li>second</ul><template><p>later</p></template>
    <table><tr><td>a</td><td>b</td></tr></table><pre>x = 1
        y</pre></body></html>"""
    text = extract(upload, "page.html", page.encode())
    assert text.split("\n\n") == [
        "언어 모델",
        "GPT-2 & friends",
        "One bold claim.",
        "first\nsecond",
        "a b",
        "x = 1\n        y",
    ]


def test_an_unclosed_template_does_not_take_the_rest_of_the_page_along(upload):
    page = b"<p>first</p><template><p>draft</p></template><p>second</p><template><p>third</p>"
    assert extract(upload, "page.html", page) == "first\n\nsecond\n\nthird"


def test_html_without_visible_text_is_invalid(upload):
    assert "contains no text" in refusal(upload, "empty.html", b"<script>let a = 1</script>").message


def test_pdf_pages_follow_each_other(upload):
    assert extract(upload, "Paper.PDF", pdf([ENGLISH, "", KOREAN])) == f"{ENGLISH}\n\n{KOREAN}"


def test_a_pdf_of_pictures_has_no_text(upload):
    error = refusal(upload, "scan.pdf", pdf(["", ""]))
    assert (error.code, "text recognition" in error.message) == ("invalid_file", True)


@pytest.mark.parametrize(
    "data",
    [b"", b"not a pdf at all", b"%PDF-1.7\n", pdf([ENGLISH])[:200], b"%PDF-1.4\ntrailer << /Root 1 0 R >>\n%%EOF"],
    ids=["empty", "text", "header", "cut", "no objects"],
)
def test_a_broken_pdf_is_invalid_and_says_why(upload, data):
    error = refusal(upload, "broken.pdf", data)
    assert error.code == "invalid_file"
    assert "\n" not in error.message
    assert len(error.message) < 400


def test_a_parser_that_takes_too_long_is_killed(upload):
    slow = pdf([ENGLISH], extra=b" q 1 0 0 1 0 0 cm Q" * 2_000_000, compress=True)
    error = refusal(upload, "slow.pdf", slow, ParserLimits(seconds=0.4))
    assert error.message == "slow.pdf could not be read within 0.4 seconds; split it into smaller files"


def test_a_parser_that_takes_too_much_memory_is_stopped(upload):
    bomb = pdf([ENGLISH], extra=b" " * 100_000_000, compress=True)
    error = refusal(upload, "bomb.pdf", bomb, ParserLimits(memory_bytes=150 * 1024**2))
    assert error.code == "invalid_file"
