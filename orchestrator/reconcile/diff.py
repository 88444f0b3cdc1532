"""Where a live object is not as declared, field by field, and who moved: the spec, somebody outside, or both.

Three values meet in every field: desired (the spec), live, and the baseline, a fingerprint of what was last applied.

    declared, live differs       change; who from which of the two still matches the baseline
    not declared, under `whole`  removed: the declared set is the whole set
    not declared, in baseline    reset: it was declared before, so leaving it out means taking it back
    not declared, never was      left alone: somebody else's field
    specs have no words for it   left alone, also under `whole`; a plan shows it (`Plan.kept`)
    under `lifecycle.ignore`     neither compared nor recorded; used when the object is created

A live value that is missing counts as the target's default, and one that equals the default needs no removing.
The files of a store are one set with one digest (`marks.files`), so who moved is decided for the set: the spec when
the declared digest is not the recorded one, outside when the digest of the live files is not. Without a record, as
after an apply in which a file failed, what orch attached counts as the spec's. Where the files were not read (their
digest and number agreed) they count as equal. So does content that is known to have failed, until somebody asks to have
it sent again, and content that is being indexed.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.model.address import Address
from orchestrator.model.fields import Fields, Ref, as_json, equal, file_label, file_path, is_unknown, references
from orchestrator.model.ownership import Baseline, files_digest
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Live
from orchestrator.reconcile.plan import Change, FieldChange, Who

STORES_PATH = "tools.file_search.vector_stores"
"""The field in which every wire names other live objects by id."""
NOTHING: Fields = {}


def covers(prefix: str, path: str) -> bool:
    """Tell whether `path` is `prefix` or lies under it: `tools` covers `tools.quiz`, `files` covers `files["a.md"]`.

    What one wire alone knows is covered by its name, its tools too: `agents` covers `tools.agents:web_search`.
    """
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}[", f"tools.{prefix}:"))


def compared(resource: Resource) -> dict[str, Any]:
    """Give the declared fields without those under `lifecycle.ignore`."""
    return {path: value for path, value in resource.fields.items() if not _ignored(resource, path)}


def with_references(fields: Fields, addresses: Mapping[str, Address], declared: Fields = NOTHING) -> Fields:
    """Give live fields with the ids of our own stores as `Ref`; ids that are not in `addresses` stay text.

    So are other ids, where what is declared has a reference in their place.
    """
    named = {}
    if references(declared):  # asked once for all: most resources have none, and may have very many fields
        paths = [path for path, value in declared.items() if references(value)]
        named = {path: _named(fields.get(path), declared[path], addresses) for path in paths}
    stores = fields.get(STORES_PATH)
    if isinstance(stores, list | tuple):
        named[STORES_PATH] = [Ref(addresses[item]) if item in addresses else item for item in stores]
    return {**fields, **{path: value for path, value in named.items() if path in fields}} if named else fields


def _named(live: Any, declared: Any, addresses: Mapping[str, Address]) -> Any:
    if isinstance(declared, Ref) and isinstance(live, str) and live in addresses:
        return Ref(addresses[live])
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return {key: _named(item, declared.get(key), addresses) for key, item in live.items()}
    return live


def value_at(fields: Fields, path: str, defaults: Fields) -> Any:
    """Give a live value; the target's default where it is missing, None where there is neither."""
    value = fields.get(path)
    return defaults.get(path) if value is None else value


def diff(desired: Resource, live: Live, defaults: Fields, retry_failed: bool = False) -> tuple[FieldChange, ...]:
    """Give the fields in which `live` is not as declared: declared ones in their order, then removed ones by path.

    `live.fields` must name our own stores as `Ref` (see `with_references`). `retry_failed` also gives files whose very
    content could not be indexed.
    """
    baseline = live.marks.baseline if live.marks is not None else Baseline()
    wanted = compared(desired)
    files_who = _who_moved_files(wanted, live) if live.files is not None else None
    known = awaited(desired, live) | (set() if retry_failed else failures(desired, live).keys())
    changes: list[FieldChange] = []
    for path, value in wanted.items():
        if path in known:
            continue
        is_file = file_label(path) is not None
        old = value_at(live.fields, path, defaults)
        if (is_file and live.files is None) or equal(value, old):
            continue
        if not is_file:
            who = _who_moved(path, value, old, baseline, defaults)
        else:
            who = files_who or (Who.SPEC if old is None or _is_ours(path, live) else Who.BOTH)
        changes.append(FieldChange(path, old, value, who))
    for path in sorted(set(live.fields) - set(desired.fields)):
        mover = _undeclared(path, desired, live, defaults)
        if mover is not None:
            changes.append(FieldChange(path, live.fields[path], defaults.get(path), mover))
    return tuple(changes)


def failures(desired: Resource, live: Live) -> dict[str, str]:
    """Give the paths of declared files whose very content could not be indexed, each with the target's reason."""
    found = {}
    for label, file in (live.files or {}).items():
        value = desired.fields.get(path := file_path(label))
        if value is not None and (failed := file.failures) and value["sha256"] in failed:
            found[path] = failed[value["sha256"]]
    return found


def awaited(desired: Resource, live: Live) -> frozenset[str]:
    """Give the paths of declared files whose very content is being indexed."""
    found = ((file_path(label), file.awaited) for label, file in (live.files or {}).items() if file.awaited)
    return frozenset(path for path, hashes in found if (desired.fields.get(path) or {}).get("sha256") in hashes)


def has_spent_attempts(desired: Resource, live: Live) -> bool:
    """Tell whether contents that failed stand beside declared files and are not what is declared."""
    attempts = ((file_path(label), attempt) for label, file in (live.files or {}).items() for attempt in file.attempts)
    return any(
        path in desired.fields and attempt.value["sha256"] != desired.fields[path]["sha256"]
        for path, attempt in attempts
    )


def after(desired: Resource, live: Live, changes: tuple[FieldChange, ...]) -> dict[str, Any]:
    """Give every field as it shall be: live ones nobody declared are kept, removed ones are gone, declared ones win.

    Those come first and in their order, which is that of the tools an update writes.
    """
    wanted = compared(desired)
    removed = [change.path for change in changes if change.path not in wanted]
    kept = {path: value for path, value in live.fields.items() if not any(_goes_with(path, gone) for gone in removed)}
    return wanted | {path: value for path, value in kept.items() if path not in wanted}


def mismatches(
    asked: Fields,
    paths: frozenset[str],
    live: Live,
    defaults: Fields,
    chosen: frozenset[str] = frozenset(),
    stayed: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Give a sentence for every path at which what was read back is not what was asked for.

    `chosen` are paths at which the target chooses where nothing is asked for; `stayed` were to be taken back and are as
    they were.
    """
    found = []
    for path in sorted(paths):
        want, got = value_at(asked, path, defaults), value_at(live.fields, path, defaults)
        if isinstance(got, Mapping) and "failed" in got:
            found.append(f"{path}: not indexed: {got['failed']}")
        elif want is None and path in chosen:
            if path in stayed:
                found.append(
                    f"{path}: asked for nothing, got {_short(got)}; declare it, if the target itself chose that"
                )
        elif not equal(want, got):
            found.append(f"{path}: asked for {_short(want)}, got {_short(got)}")
    return tuple(found)


def not_taken_back(change: Change, asked: Fields, before: Live, live: Live) -> dict[str, Any]:
    """Give the fields that a change was to take back and that are live as they were, where only its record knew them.

    Files are not among them: their set has a record of its own.
    """
    marks = before.marks
    removed = [item for item in change.fields if item.path not in asked and file_label(item.path) is None]
    return {
        item.path: item.old
        for item in removed
        if marks is not None
        and marks.baseline.knows(item.path)
        and not equal(item.old, item.new)
        and equal(item.old, live.fields.get(item.path))
    }


def _goes_with(path: str, gone: str) -> bool:
    # A tool takes its parts along; elsewhere a dot may belong to a metadata key ("team" and "team.lead" are two).
    return covers(gone, path) if gone.startswith("tools.") else path == gone


def _ignored(resource: Resource, path: str) -> bool:
    return any(covers(prefix, path) for prefix in resource.ignore)


def _who_moved(path: str, new: Any, old: Any, baseline: Baseline, defaults: Fields) -> Who:
    fell_back = path in defaults and equal(old, defaults[path])
    if not baseline.knows(path):
        return Who.SPEC if old is None or fell_back else Who.BOTH
    if baseline.matches(path, old):
        return Who.BOTH if baseline.matches(path, new) else Who.SPEC
    if baseline.matches(path, new):
        return Who.DEFAULT if fell_back else Who.OUTSIDE
    return Who.BOTH


def _undeclared(path: str, desired: Resource, live: Live, defaults: Fields) -> Who | None:
    """Give who makes an undeclared live field go, or None where it is left alone."""
    old, whole = live.fields[path], any(covers(prefix, path) for prefix in desired.whole)
    if old is None or is_unknown(path) or equal(old, defaults.get(path)) or _ignored(desired, path):
        return None
    label = file_label(path)
    if label is not None:
        who, ours = _who_moved_files(compared(desired), live), _is_ours(path, live)
        return (who or (Who.SPEC if ours else Who.OUTSIDE)) if whole or (who and ours) else None
    baseline = live.marks.baseline if live.marks is not None else Baseline()
    if not baseline.knows(path):
        return Who.OUTSIDE if whole else None
    return Who.SPEC if baseline.matches(path, old) else Who.BOTH


def _is_ours(path: str, live: Live) -> bool:
    file = (live.files or {}).get(file_label(path) or "")
    return file is not None and file.ours


def _who_moved_files(wanted: Fields, live: Live) -> Who | None:
    """Give who moved the set of files, or None where no set was ever recorded."""
    recorded = live.marks.files if live.marks is not None else None
    if recorded is None:
        return None
    outside = live.files is not None and files_digest(_as_recorded(live.fields)) != recorded
    if files_digest(wanted) == recorded:
        return Who.OUTSIDE
    return Who.BOTH if outside else Who.SPEC


def _as_recorded(fields: Fields) -> Fields:
    """Give live fields without the reasons why files failed: nobody moved those, and no record has them."""
    return {
        path: {key: part for key, part in value.items() if key != "failed"} if file_label(path) is not None else value
        for path, value in fields.items()
    }


def _short(value: Any) -> str:
    text = repr(as_json(value)) if value is not None else "nothing"
    return text if len(text) <= 80 else f"{text[:77]}…"
