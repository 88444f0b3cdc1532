"""Which other vector stores of a project may have the same file: it is uploaded once, and goes with the last. Pure.

Of a store that this plan leaves as declared, or makes so, it is known which files it has. Of one that is declared no
more, is not among what was chosen, is held back, or whose files somebody else looks after, nobody knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, file_label
from orchestrator.model.project import Resource
from orchestrator.providers.interface import NOWHERE, Elsewhere, FileKey
from orchestrator.reconcile.diff import covers
from orchestrator.reconcile.plan import Action, Change, Plan


@dataclass(frozen=True, slots=True)
class Holders:
    """Who may have what, once the plan is carried out."""

    declared: Mapping[str, frozenset[str]]
    """Ids of stores by label."""
    unknown: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, resources: Mapping[Address, Resource]) -> "Holders":
        """Look at all live stores of the project that stay."""
        changes = {change.address: change for change in plan.changes}
        declared: dict[str, set[str]] = {}
        unknown = set()
        for address, id in plan.ids.items():
            change = changes.get(address)
            gone = change is not None and change.action in (Action.DELETE, Action.REPLACE)
            goes = gone and change is not None and change.blocked_by is None
            if address.kind is not Kind.VECTOR_STORE or goes:
                continue
            fields = _known(change, resources.get(address))
            if fields is None:
                unknown.add(id)
                continue
            for label in filter(None, map(file_label, fields)):
                declared.setdefault(label, set()).add(id)
        shared = {label: frozenset(ids) for label, ids in declared.items()}
        return cls(shared, frozenset(unknown))

    def elsewhere(self, change: Change) -> Elsewhere:
        """Give who may have the files that a change of a store touches, beside that store."""
        if change.address.kind is not Kind.VECTOR_STORE:
            return NOWHERE
        live = change.live.files if change.live is not None else None
        labels = {*(live or ()), *filter(None, map(file_label, (*change.paths, *change.after)))}
        if change.action is Action.DELETE and live is None:
            labels |= self.declared.keys()
        own = frozenset({change.id} if change.id is not None else ())
        others = {label: tuple(sorted(self.declared.get(label, own) - own)) for label in labels}
        return Elsewhere({label: ids for label, ids in others.items() if ids}, tuple(sorted(self.unknown - own)))


def new_files(plan: Plan) -> frozenset[FileKey]:
    """Give the files that stores are to get by a plan."""
    found = set()
    for change in plan.pending:
        if change.address.kind is Kind.VECTOR_STORE and change.blocked_by is None:
            labelled = ((file_label(path), change.after.get(path)) for path in change.paths)
            found |= {(label, value["sha256"]) for label, value in labelled if label is not None and value is not None}
    return frozenset(found)


def _known(change: Change | None, resource: Resource | None) -> Fields | None:
    """Give the fields that a store has after the plan, or None where its files are not known."""
    if change is None or change.blocked_by is not None or resource is None:
        return None
    if any(covers(prefix, "files") for prefix in resource.ignore):
        return None
    return resource.fields if change.action is Action.NOOP else change.after
