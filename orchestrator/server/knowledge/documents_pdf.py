"""The text of a PDF; a script of its own, run by documents.py in a child process that can be killed.

It reads the PDF from standard input (a file, so it can seek) and writes UTF-8 text to standard output.
Exit status 0: the text; 3: a reason for people; anything else: the parser fell over, the traceback tells.
It imports nothing of this package, so it also runs where the package is not installed.
"""

import contextlib
import logging
import sys
import warnings
from typing import BinaryIO

import pypdf
from pypdf.errors import DependencyError, PyPdfError

if sys.platform != "win32":
    import resource

MAX_PAGES = 20_000
REFUSED = 3


class UnreadablePdfError(Exception):
    """A PDF that has no readable text, with the reason."""


def read_pdf(stream: BinaryIO, max_bytes: int) -> str:
    """The text of all pages, an empty line between two; raises UnreadablePdfError."""
    try:
        reader = pypdf.PdfReader(stream)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadablePdfError("it is protected by a password; upload a copy without one")
        if len(reader.pages) > MAX_PAGES:
            raise UnreadablePdfError(f"it has {len(reader.pages)} pages, at most {MAX_PAGES} are read; split it")
        pages: list[str] = []
        left = max_bytes
        for page in reader.pages:
            text = page.extract_text().encode("utf-8", errors="replace").decode().replace("\0", "")
            left -= len(text.encode())
            if left < 0:
                raise UnreadablePdfError(f"it holds more than {max_bytes // 1024**2} MB of text; split it into parts")
            pages.append(text.strip())
    except DependencyError as error:
        raise UnreadablePdfError("it is encrypted; upload a copy without encryption") from error
    except PyPdfError as error:
        raise UnreadablePdfError(f"it is not a valid PDF ({str(error).rstrip('.')})") from error
    except RecursionError as error:
        raise UnreadablePdfError("its objects are nested too deeply") from error
    except MemoryError as error:
        raise UnreadablePdfError("it needs more memory than one document may use") from error
    return "\n\n".join(page for page in pages if page)


def main(memory_bytes: int, max_bytes: int) -> int:
    """Limit this process, read standard input, write standard output."""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands, or macOS knows none
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    logging.disable(logging.CRITICAL)  # the parser's remarks about sloppy files are not for the server's log
    warnings.simplefilter("ignore")
    try:
        text, status = read_pdf(sys.stdin.buffer, max_bytes), 0
    except UnreadablePdfError as error:
        text, status = str(error), REFUSED
    sys.stdout.buffer.write(text.encode())
    return status


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
