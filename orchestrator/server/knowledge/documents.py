"""What a file says: the text of an uploaded document, or the reason why it has none.

Plain text is decoded here, in time linear to its size. PDF and HTML go through parsers that a hostile file
can keep busy for hours, and a Python thread cannot be stopped; so each of those documents is parsed in a child
process that is killed at a deadline and has a memory limit. The server itself therefore never imports a parser.
"""

import asyncio
import codecs
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

# The list of the public documentation (guides/retrieval) without doc, which nothing maintained reads.
_PLAIN = "c cpp cs css go html java js json md pdf php py rb sh tex ts txt"
OFFICE = {"docx": "docx", "pptx": "pptx"}
"""Extensions that the `documents` extra reads, each with the module it brings."""
SUPPORTED_EXTENSIONS = frozenset(_PLAIN.split()) | OFFICE.keys()
MAX_TEXT_BYTES = 64 * 1024 * 1024  # a text of 5,000,000 tokens, the most one file may hold, is well below it
_AT_ONCE = 64 * 1024  # so little is decoded in less time than it takes to hand it to a thread

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


async def extract_text(filename: str, content: IO[bytes], limits: ParserLimits | None = None) -> str:
    """The text of one document, with `\\n` as its only line end.

    `content` is a file of the operating system (it may be handed to a child process), read from its start.
    A document without any text is an error, not an empty success: a scanned PDF that is silently never found
    is the worse surprise. Raises DocumentError.
    """
    extension = extension_of(filename)
    if extension not in SUPPORTED_EXTENSIONS:
        raise DocumentError("unsupported_file", _unsupported(filename, extension))
    if extension in OFFICE and importlib.util.find_spec(OFFICE[extension]) is None:
        hint = f"files of type .{extension} need the extra `documents`: pip install python-docx python-pptx"
        raise DocumentError("unsupported_file", f"{filename}: {hint}")
    content.seek(0, os.SEEK_END)
    size = content.tell()
    content.seek(0)
    if extension == "pdf" or extension in OFFICE:
        text = await _parse(filename, _PARSERS[extension], content, None, limits or ParserLimits())
    else:
        at_once = size <= _AT_ONCE
        text = decode_text(filename, content) if at_once else await asyncio.to_thread(decode_text, filename, content)
        if extension == "html":
            text = await _parse(filename, _PARSERS["html"], None, text.encode(), limits or ParserLimits())
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DocumentError("invalid_file", f"{filename} contains no text; scanned pages need text recognition first")
    return text


def decode_text(filename: str, content: IO[bytes]) -> str:
    """Text in UTF-8, UTF-16 with a byte order mark, or ASCII; raises DocumentError for anything else."""
    data = content.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        limit = MAX_TEXT_BYTES // 1024**2
        raise DocumentError("invalid_file", f"{filename} holds more than {limit} MB of text; split it into parts")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            "invalid_file",
            f"{filename} is not UTF-8, UTF-16 or ASCII text: {error.reason} at byte {error.start}; save it as UTF-8",
        ) from error
    if "\0" in text:
        raise DocumentError(
            "invalid_file", f"{filename} is not text: it holds a zero byte at character {text.index(chr(0))}"
        )
    return text


def _unsupported(filename: str, extension: str) -> str:
    kind = f"files of type .{extension} are" if extension else "a file without an extension is"
    return f"{filename}: {kind} not supported for search; use one of {', '.join(sorted(SUPPORTED_EXTENSIONS))}"


async def _parse(
    filename: str, script: Path, stdin: IO[bytes] | None, piped: bytes | None, limits: ParserLimits
) -> str:
    """Run a parser script over a file or over piped bytes and return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the folder of the script holds modules whose names must not hide those of installed packages
        str(script),
        str(limits.memory_bytes),
        str(MAX_TEXT_BYTES),
        stdin=asyncio.subprocess.PIPE if stdin is None else stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        output, complaints = await asyncio.wait_for(process.communicate(piped), limits.seconds)
    except TimeoutError as error:
        message = f"{filename} could not be read within {limits.seconds:g} seconds; split it into smaller files"
        raise DocumentError("invalid_file", message) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode == 0:
        return text
    if process.returncode == _REFUSED:
        raise DocumentError("invalid_file", f"{filename} cannot be read: {text.strip()}")
    last_line = complaints.decode(errors="replace").strip().rpartition("\n")[2] or "no reason given"
    raise DocumentError("invalid_file", f"{filename} is broken, its parser stopped: {last_line[:300]}")
