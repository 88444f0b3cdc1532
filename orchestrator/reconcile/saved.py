"""A plan as data and back, so that what was reviewed can be applied later, elsewhere, and nothing else.

The data is the contract's `orch.plan/1` with what applying needs: every field afterwards, the record to write, what
each live object read as. A plan that comes back is the one that was saved, or is refused: its hash is taken anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from orchestrator.errors import PlanError
from orchestrator.model.address import Address
from orchestrator.model.code_files import FILES
from orchestrator.model.fields import Ref, as_json, digest, file_label
from orchestrator.model.ownership import Marks
from orchestrator.model.project import Resource
from orchestrator.reconcile.diff import STORES_PATH
from orchestrator.reconcile.guards import hold_what_is_used
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.plan import AGAIN, STALE, Action, Change, FieldChange, Leftover, Plan, Seen, Who
from orchestrator.reconcile.uses import remaining_users

FORMAT = "orch.plan/1"


def as_data(plan: Plan) -> dict[str, Any]:
    """Give the plan as JSON data; a reference to one of our own is `${kind.name}`."""
    data = {
        "format": FORMAT,
        "project": plan.project,
        "target": plan.target,
        "endpoint": plan.endpoint,
        "hash": plan.hash,
        "summary": plan.summary,
        "changes": [_change(change) for change in plan.changes],
        "leftovers": [{"address": str(item.address), "id": item.id} for item in plan.leftovers],
        "ids": {str(address): id for address, id in plan.ids.items()},
        "requests": {"total": plan.requests},
    }
    return data | {"seal": _seal(data)}


def _seal(data: Mapping[str, Any]) -> str:
    """Give a checksum of everything that is carried out; the hash that is approved leaves out what changes nothing."""
    kept = ("project", "target", "endpoint", "changes", "leftovers", "ids")
    return digest({key: data[key] for key in kept}).hex()


def _change(change: Change) -> dict[str, Any]:
    seen = {"fingerprint": change.seen.fingerprint, "files": change.seen.files} if change.seen is not None else None
    return {
        "address": str(change.address),
        "action": change.action.value,
        "id": change.id,
        "blocked_by": change.blocked_by,
        "moved_from": str(change.moved_from) if change.moved_from is not None else None,
        "fields": [
            {"path": item.path, "old": as_json(item.old), "new": as_json(item.new), "who": item.who.value}
            for item in change.fields
        ],
        "after": as_json(change.after),
        "marks": change.marks.to_metadata() if change.marks is not None else None,
        "seen": seen,
        "depends_on": sorted(map(str, change.depends_on)),
    }


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


_AnAddress = Annotated[Address, BeforeValidator(lambda value: Address.parse(str(value)))]


class _SavedField(_Read):
    path: str
    old: Any
    new: Any
    who: Who


class _SavedSeen(_Read):
    fingerprint: str
    files: bool


class _SavedChange(_Read):
    address: _AnAddress
    action: Action
    id: str | None
    blocked_by: str | None
    moved_from: _AnAddress | None
    fields: tuple[_SavedField, ...]
    after: dict[str, Any]
    marks: dict[str, str] | None
    seen: _SavedSeen | None
    depends_on: frozenset[_AnAddress]


class _SavedLeftover(_Read):
    address: _AnAddress
    id: str


class _SavedPlan(_Read):
    format: Literal["orch.plan/1"]
    project: str
    target: str
    endpoint: str
    hash: str
    seal: str
    changes: tuple[_SavedChange, ...]
    leftovers: tuple[_SavedLeftover, ...]
    ids: dict[_AnAddress, str]


def from_data(data: object) -> Plan:
    """Give the plan that was saved as `data`; raises `PlanError` where it is none, was cut or was edited."""
    try:
        saved = _SavedPlan.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        message = f"this is not a saved plan: {where}: {first['msg']}"
        raise PlanError(message, "save one with `orch plan --out FILE`") from None
    changes = tuple(_changed(item) for item in saved.changes)
    leftovers = tuple(Leftover(item.address, item.id) for item in saved.leftovers)
    plan = Plan(saved.project, saved.target, changes, leftovers, saved.ids, saved.endpoint)
    known = {change.address for change in plan.pending}
    sound = all(change.depends_on <= known and _is_whole(change) for change in plan.pending)
    if plan.hash != saved.hash or not sound or _seal(as_data(plan)) != saved.seal:
        raise PlanError("this plan is not as it was saved: its content and its hash disagree", AGAIN)
    return plan


def _is_whole(change: Change) -> bool:
    """Tell whether a change has what carrying it out takes."""
    has_object = change.action is Action.CREATE or (change.id is not None and change.seen is not None)
    return has_object and (change.action is Action.DELETE or change.marks is not None)


def _changed(saved: _SavedChange) -> Change:
    return Change(
        address=saved.address,
        action=saved.action,
        id=saved.id,
        fields=tuple(
            FieldChange(item.path, _value(item.path, item.old), _value(item.path, item.new), item.who)
            for item in saved.fields
        ),
        after={path: _value(path, value) for path, value in saved.after.items()},
        marks=Marks.from_metadata(saved.marks) if saved.marks is not None else None,
        seen=Seen(saved.seen.fingerprint, saved.seen.files) if saved.seen is not None else None,
        moved_from=saved.moved_from,
        depends_on=saved.depends_on,
        blocked_by=saved.blocked_by,
    )


def _value(path: str, value: Any) -> Any:
    """Give references back where there can be any; no target gives a store an id like `${vector_store.papers}`."""
    if path != STORES_PATH or not isinstance(value, list):
        return value
    return [_reference(item) for item in value]


def _reference(item: Any) -> Any:
    if not (isinstance(item, str) and item.startswith("${") and item.endswith("}")):
        return item
    try:
        return Ref(Address.parse(item[2:-1]))
    except ValueError:
        return item


def resumed(plan: Plan, resources: Mapping[Address, Resource], observed: Observed) -> Plan:
    """Give a saved plan with those changes blocked that no longer fit what is live and what lies in the project.

    A store that somebody searches since then is one of them. Updates and deletes are looked at once more by apply
    itself, just before each is sent.
    """
    changes = tuple(
        replace(change, blocked_by=change.blocked_by or _unfit(change, resources, observed))
        if change.action is not Action.NOOP
        else change
        for change in plan.changes
    )
    changes = hold_what_is_used(changes, remaining_users(observed.all, changes))
    return replace(plan, changes=changes, requests=observed.requests)


def _unfit(change: Change, resources: Mapping[Address, Resource], observed: Observed) -> str | None:
    live = observed.owned.get(change.address)
    if change.action is Action.CREATE and (live is not None or change.address in observed.duplicates):
        found = live.id if live is not None else ", ".join(item.id for item in observed.duplicates[change.address])
        return f"{STALE}: it is live by now as {found}; {AGAIN}"
    declared = resources[change.address].fields if change.address in resources else {}
    if FILES in change.paths and change.after.get(FILES) and declared.get(FILES) != change.after[FILES]:
        return f"{STALE}: a file of its code interpreter is not the one that was planned; {AGAIN}"
    for path in sorted(change.paths):
        label, value = file_label(path), change.after.get(path)
        if label is not None and value is not None and (declared.get(path) or {}).get("sha256") != value["sha256"]:
            return f"{STALE}: {label} is not the file that was planned; {AGAIN}"
    return None
