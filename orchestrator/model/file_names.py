"""Whether two names mean one file: targets tell paths or names only, and macOS decomposes what is in them. Pure."""

import unicodedata
from pathlib import PurePosixPath


def composed(text: str) -> str:
    """Give a text in one Unicode form."""
    return unicodedata.normalize("NFC", text)


def file_name(path: str) -> str:
    """Give the last part of a path, in one Unicode form."""
    return composed(PurePosixPath(path).name)


def is_same_file(found: str, wanted: str) -> bool:
    """Tell whether a file that was found is the one that is wanted: by its path as far as both tell it, or its name."""
    if "/" not in found or "/" not in wanted:
        return file_name(found) == file_name(wanted)
    return f"/{composed(found)}".endswith(f"/{composed(wanted).removeprefix('./')}")
