"""Releases for an application that answers with the Responses API: what `orch apply` published, as arguments.

    client.responses.create(**load_release("math-tutor"), input="...")

Nothing of the project is read but the release, so no spec, no key and no other part of orch is needed.
"""

import os
from pathlib import Path
from typing import Any

from orchestrator.errors import TargetMissingError, UsageError
from orchestrator.model.release import FOLDER, Release
from orchestrator.providers.releases import Releases


def load_release(name: str, target: str | None = None, folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Give the arguments of `client.responses.create(...)` for an assistant, by its name in the specs.

    `target` may be left out where the assistant is released for one target only. `folder` is the project's, or any
    below it; the current one where left out. Raises `UsageError` where there are no releases, or several to choose
    from, `TargetMissingError` where this assistant has none, `TargetRejectedError` where its file is no release, or was
    changed since it was released.
    """
    return dict(find_release(name, target, folder).request)


def find_release(name: str, target: str | None = None, folder: str | os.PathLike[str] | None = None) -> Release:
    """Give the whole release, with its `hash`; see `load_release`."""
    start = Path(folder or ".").absolute()
    root = next((each for each in (start, *start.parents) if (each / FOLDER).is_dir()), None)
    if root is None:
        raise UsageError(f"there is no folder `{FOLDER}` in {start} or above", "run `orch apply`, or give `folder`")
    targets = sorted(each.name for each in (root / FOLDER).iterdir() if each.is_dir()) if target is None else [target]
    found = {each: release for each in targets if (release := _find(root, each, name)) is not None}
    if not found:
        where = f"target {target}" if target is not None else f"any target below {root / FOLDER}"
        raise TargetMissingError(f"there is no release of `{name}` for {where}", "run `orch apply` for that target")
    if len(found) > 1:
        message = f"`{name}` is released for several targets: {', '.join(found)}"
        raise UsageError(message, f"say which: load_release({name!r}, target={next(iter(found))!r})")
    return next(iter(found.values()))


def _find(root: Path, target: str, name: str) -> Release | None:
    """Find a release by the name in the specs; the file of one that was renamed may bear the old one yet."""
    if not target or target != Path(target).name or target in (".", "..") or "\0" in target:
        raise UsageError(f"{target!r} is not the name of a target", "name a target of the project")
    releases = Releases(root, root / FOLDER / target)
    try:
        release = releases.read_intact(name)
    except TargetMissingError:
        named = next((each.name for each in releases.read_all() if each.is_of(name)), None)
        return releases.read_intact(named) if named is not None else None
    return release if release.is_of(name) else None
