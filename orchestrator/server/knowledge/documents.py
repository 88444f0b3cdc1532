"""What a file says: the text of an uploaded document, or the reason why it has none.

Plain text is decoded here, in time linear to its size. PDF and HTML go through parsers that a hostile file
can keep busy for hours, and a Python thread cannot be stopped; so each of those documents is parsed in a child
process that is killed at a deadline and has a memory limit. The server itself therefore never imports a parser.
"""

import asyncio
import codecs
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

# The list of the public documentation (guides/retrieval) without doc, which nothing maintained reads.
_PLAIN = "c cpp cs css go html java js json md pdf php py rb sh tex ts txt"
OFFICE = {"docx": "docx", "pptx": "pptx"}
"""Extensions that the `documents` extra reads, each with the module it brings."""
SUPPORTED_EXTENSIONS = frozenset(_PLAIN.split()) | OFFICE.keys()
MAX_TEXT_BYTES = 64 * 1024 * 1024  # a text of 5,000,000 tokens, the most one file may hold, is well below it
_PART_BYTES = 64 * 1024

_PARSERS = {
    "pdf": Path(__file__).with_name("documents_pdf.py"),
    "html": Path(__file__).with_name("documents_html.py"),
    **dict.fromkeys(OFFICE, Path(__file__).with_name("documents_office.py")),
}
# What a parser gets of the server's environment: enough to start Python, none of its secrets.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
_REFUSED = 3  # the exit status by which a parser says "standard output is the reason, not the text"


class DocumentError(Exception):
    """A document that cannot be searched; `code` and `message` become the `last_error` of its store file."""

    def __init__(self, code: Literal["unsupported_file", "invalid_file"], message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """How much one parsed document may cost."""

    seconds: float = 60.0
    """Wall clock; the parser is killed after it."""
    memory_bytes: int = 2 * 1024**3
    """Address space of the parser, where the system can limit it (not on Windows)."""


def extension_of(filename: str) -> str:
    """The extension that decides how a file is read: lower case, without the dot, empty when there is none."""
    return Path(filename).suffix[1:].lower()


async def open_text(filename: str, content: IO[bytes], limits: ParserLimits | None = None) -> IO[bytes]:
    """Give the file that holds the text of one document, for `read_text`: itself, or what its parser wrote.

    `content` is a file of the operating system (it may be handed to a child process), read from its start. However
    large it is, memory holds a small part of it. Raises DocumentError.
    """
    extension = extension_of(filename)
    if extension not in SUPPORTED_EXTENSIONS:
        raise DocumentError("unsupported_file", _unsupported(filename, extension))
    if extension in OFFICE and importlib.util.find_spec(OFFICE[extension]) is None:
        hint = f"files of type .{extension} need the extra `documents`: pip install python-docx python-pptx"
        raise DocumentError("unsupported_file", f"{filename}: {hint}")
    if extension == "html":
        with tempfile.TemporaryFile() as page:
            await asyncio.to_thread(_transcode, filename, content, page)
            return await _parse(filename, _PARSERS["html"], page, limits or ParserLimits())
    if extension in _PARSERS:
        content.seek(0)
        return await _parse(filename, _PARSERS[extension], content, limits or ParserLimits())
    return content


def read_text(filename: str, file: IO[bytes]) -> Iterator[str]:
    """The text of a file part by part, with `\\n` as its only line end: UTF-8, UTF-16 with a byte order mark, or ASCII.

    Raises DocumentError for anything else. A document without any text is an error too, not an empty success: a
    scanned PDF that is silently never found is the worse surprise.
    """
    _check_size(filename, file)
    mark = file.read(3)
    wide = mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    offset = 3 if mark == codecs.BOM_UTF8 else 0
    file.seek(offset)
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
    lines, read, said = io.IncrementalNewlineDecoder(None, translate=True), 0, False
    data = b"-"
    while data:
        data = file.read(_PART_BYTES)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            place = f"{error.reason} at byte {offset - pending + error.start}"
            message = f"{filename} is not UTF-8, UTF-16 or ASCII text: {place}; save it as UTF-8"
            raise DocumentError("invalid_file", message) from error
        if "\0" in text:
            place = f"at character {read + text.index(chr(0))}"
            raise DocumentError("invalid_file", f"{filename} is not text: it holds a zero byte {place}")
        offset, read, said = offset + len(data), read + len(text), said or not (not text or text.isspace())
        part: str = lines.decode(text, final=not data)  # without a decoder it takes text
        if part:
            yield part
    if not said:
        why = "; scanned pages need text recognition first" if extension_of(filename) == "pdf" else ""
        raise DocumentError("invalid_file", f"{filename} contains no text{why}")


def _check_size(filename: str, file: IO[bytes]) -> None:
    file.seek(0, os.SEEK_END)
    if file.tell() > MAX_TEXT_BYTES:
        limit = MAX_TEXT_BYTES // 1024**2
        raise DocumentError("invalid_file", f"{filename} holds more than {limit} MB of text; split it into parts")
    file.seek(0)


def _transcode(filename: str, content: IO[bytes], page: IO[bytes]) -> None:
    for part in read_text(filename, content):
        page.write(part.encode())
    page.seek(0)


def _unsupported(filename: str, extension: str) -> str:
    kind = f"files of type .{extension} are" if extension else "a file without an extension is"
    return f"{filename}: {kind} not supported for search; use one of {', '.join(sorted(SUPPORTED_EXTENSIONS))}"


async def _parse(filename: str, script: Path, source: IO[bytes], limits: ParserLimits) -> IO[bytes]:
    """Run a parser script over a file and give the file it wrote."""
    output = tempfile.TemporaryFile()  # noqa: SIM115  # it is what is given
    try:
        status, complaints = await _run(filename, script, source, output, limits)
        if status == 0:
            return output
        if status == _REFUSED:
            output.seek(0)
            reason = output.read(_PART_BYTES).decode(errors="replace").strip()
            raise DocumentError("invalid_file", f"{filename} cannot be read: {reason}")
        last_line = complaints.decode(errors="replace").strip().rpartition("\n")[2] or "no reason given"
        raise DocumentError("invalid_file", f"{filename} is broken, its parser stopped: {last_line[:300]}")
    except BaseException:  # cancelled counts too
        output.close()
        raise


async def _run(
    filename: str, script: Path, source: IO[bytes], output: IO[bytes], limits: ParserLimits
) -> tuple[int | None, bytes]:
    """Run a parser script; gives its exit status and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the folder of the script holds modules whose names must not hide those of installed packages
        str(script),
        str(limits.memory_bytes),
        str(MAX_TEXT_BYTES),
        stdin=source,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        _, complaints = await asyncio.wait_for(process.communicate(), limits.seconds)
    except TimeoutError as error:
        message = f"{filename} could not be read within {limits.seconds:g} seconds; split it into smaller files"
        raise DocumentError("invalid_file", message) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, complaints
