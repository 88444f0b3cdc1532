"""The text of a .docx or .pptx; a script of its own, run by documents.py in a child process that can be killed.

It reads the document from standard input (a file, so it can seek) and writes UTF-8 text to standard output.
Exit status 0: the text; 3: a reason for people; anything else: the parser fell over, the traceback tells.
It imports nothing of this package, so it also runs where the package is not installed. python-docx and python-pptx
resolve no external entities; how much an archive may unpack to is looked at before anything is unpacked.
"""

import contextlib
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import docx
import pptx
from docx.table import Table
from lxml.etree import XMLSyntaxError

if sys.platform != "win32":
    import resource

MAX_UNPACKED_BYTES = 1024**3
REFUSED = 3
_OLD = b"\xd0\xcf\x11\xe0"
"""How a compound file begins: .doc and .ppt, and everything that has a password."""


class UnreadableDocumentError(Exception):
    """A document that has no readable text, with the reason."""


def read_document(stream: BinaryIO, max_bytes: int) -> str:
    """The text of a document or of all slides with their notes; raises UnreadableDocumentError."""
    if stream.read(len(_OLD)) == _OLD:
        raise UnreadableDocumentError("it has a password, or the format of before 2007; save a copy without")
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            unpacked = sum(item.file_size for item in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise UnreadableDocumentError(f"it unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MB")
        stream.seek(0)
        if "word/document.xml" in names:
            parts = _read_docx(stream)
        elif "ppt/presentation.xml" in names:
            parts = _read_pptx(stream)
        else:
            raise UnreadableDocumentError("it holds neither a text document nor a presentation")
        return _joined(parts, max_bytes)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise UnreadableDocumentError("it is not a valid archive, or cut off; save it again") from error
    except (XMLSyntaxError, KeyError, ValueError, AttributeError) as error:
        why = " ".join(str(error).split())[:200]
        raise UnreadableDocumentError(f"its parts do not fit together ({why})") from error
    except RecursionError as error:
        raise UnreadableDocumentError("its parts are nested too deeply") from error
    except MemoryError as error:
        raise UnreadableDocumentError("it needs more memory than one document may use") from error


def _joined(parts: Iterable[str], max_bytes: int) -> str:
    texts: list[str] = []
    left = max_bytes
    for part in parts:
        text = part.replace("\v", "\n").replace("\0", "").strip()
        left -= len(text.encode(errors="replace"))
        if left < 0:
            raise UnreadableDocumentError(f"it holds more than {max_bytes // 1024**2} MB of text; split it into parts")
        texts.append(text)
    return "\n\n".join(text for text in texts if text)


def _read_docx(stream: BinaryIO) -> Iterator[str]:
    """Paragraphs and tables in the order of the document."""
    for block in docx.Document(stream).iter_inner_content():
        yield _table(block) if isinstance(block, Table) else block.text


def _read_pptx(stream: BinaryIO) -> Iterator[str]:
    """One text a slide, its notes last."""
    for slide in pptx.Presentation(stream).slides:
        texts = list(_shapes(slide.shapes))
        if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
            texts.append(notes.text)
        yield "\n".join(text for text in texts if text.strip())


def _shapes(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        elif shape.has_table:
            yield _table(shape.table)
        elif hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)


def _table(table: Any) -> str:
    """A row a line; a cell that spans several stands once."""
    lines: list[str] = []
    for row in table.rows:
        cells = {id(cell._tc): " ".join(cell.text.split()) for cell in row.cells}
        lines.append(" | ".join(cells.values()))
    return "\n".join(lines)


def main(memory_bytes: int, max_bytes: int) -> int:
    """Limit this process, read standard input, write standard output."""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands, or macOS knows none
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    warnings.simplefilter("ignore")
    try:
        text, status = read_document(sys.stdin.buffer, max_bytes), 0
    except UnreadableDocumentError as error:
        text, status = str(error), REFUSED
    sys.stdout.buffer.write(text.encode(errors="replace"))
    return status


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
