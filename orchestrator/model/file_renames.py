"""Which files of a store were renamed: gone under one label and there under another, with the same content. Pure."""

from collections.abc import Mapping

from orchestrator.model.file_names import file_name


def renamed(gone: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Give old labels by new ones; both maps give SHA-256 (hex) by label.

    Where several have one content, one of the same file name is preferred, then the first by label.
    """
    left: dict[str, list[str]] = {}
    for label, sha256 in sorted(gone.items()):
        left.setdefault(sha256, []).append(label)
    found: dict[str, str] = {}
    for same_name in (True, False):
        for label, sha256 in sorted(new.items()):
            chosen = [old for old in left.get(sha256, ()) if not same_name or file_name(old) == file_name(label)]
            if label not in found and chosen:
                found[label] = chosen[0]
                left[sha256].remove(chosen[0])
    return found
