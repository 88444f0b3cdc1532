"""What a live server still knows of files: their parsed texts, written beside the specs and declared in them.

The API gives nobody the file that was uploaded, but where a server gives the text it read out of it, a store can be
filled again. A text bears the name of its file, and ends with `.txt` where that was no text.
"""

import re
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from orchestrator.model.address import Address
from orchestrator.providers.assistants_dump import Dump, StoreFile
from orchestrator.providers.file_attributes import read_attributes
from orchestrator.providers.stores import AUTO
from orchestrator.spec.files import TEXT_SUFFIXES
from orchestrator.spec.new_files import Written, spec_text, write_new

FOLDER = "knowledge"
"""Below the folder of the specs; each store has one of its own in it."""
LONGEST = 100
"""Characters of a file's name."""
_UNFIT = re.compile(r"[^\w.-]+")


def write_texts(dump: Dump, folder: Path, specs: Mapping[Address, tuple[str, Path]]) -> Written:
    """Write the texts of stores and declare them in their specs; `specs` gives the id and the new spec of each.

    Raises `UsageError` where another file is in the way, `UnwritableError` for attributes that no spec can hold; after
    any error no text stays.
    """
    files = dump.files
    texts: dict[Path, str] = {}
    declared: dict[Path, list[dict[str, Any]]] = {}
    for address, (id, spec) in specs.items():
        known, taken = {file.id: file for file in files.get(id, ())}, set[str]()
        for file_id, text in dump.texts(id):
            name = _free(_safe(known[file_id]), taken)
            taken.add(name.casefold())
            place = folder / FOLDER / address.name / name
            texts[place] = text
            declared.setdefault(spec, []).append(_entry(known[file_id], f"../{FOLDER}/{address.name}/{name}"))
    added = {spec: spec_text({"files": entries}) for spec, entries in declared.items()}
    written = write_new(texts)
    try:
        for spec, text in added.items():
            with spec.open("a", encoding="utf-8", newline="") as file:
                file.write(text)
    except BaseException:
        written.remove()
        raise
    return written


def _safe(file: StoreFile) -> str:
    """Give a name that stays in its folder, is no glob and is not hidden, whatever the file was called."""
    last = PurePosixPath(file.name.replace("\\", "/")).name
    plain = _UNFIT.sub("_", last).strip("._") or "file"
    stem, dot, suffix = plain.rpartition(".")
    kind = f"{dot}{suffix}" if stem and f".{suffix}".lower() in TEXT_SUFFIXES else ""
    return (plain.removesuffix(kind) if kind else plain)[:LONGEST] + (kind or ".txt")


def _free(name: str, taken: Collection[str]) -> str:
    """Give the name, with a number where another file has it."""
    stem, dot, suffix = name.rpartition(".")
    names = (name if number == 1 else f"{stem}-{number}{dot}{suffix}" for number in count(1))
    return next(each for each in names if each.casefold() not in taken)


def _entry(file: StoreFile, path: str) -> dict[str, Any]:
    own = read_attributes(file.attributes).own
    chunking = dict(file.chunking) if file.chunking and dict(file.chunking) != AUTO else None
    return {"path": path} | ({"attributes": own} if own else {}) | ({"chunking": chunking} if chunking else {})
