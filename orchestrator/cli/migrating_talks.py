"""The scenarios that threads of an export become, one after the other, so that an export of any size can be told.

What was answered in them becomes a script for the local target, so that the scenarios can be played at once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from orchestrator.model.address import MAX_NAME, Address
from orchestrator.model.conversation import AnsweredCall
from orchestrator.model.project import Project
from orchestrator.providers.assistants_talks import Talk
from orchestrator.reconcile.naming import slug
from orchestrator.scenario.drafting import ScenarioDraft, draft_scenario
from orchestrator.scenario.scripting import Script
from orchestrator.spec.argument_faults import Signature
from orchestrator.spec.new_files import UnwritableError, spec_text

WORDS = 6
"""Of what the user said first, that name a scenario."""


@dataclass(slots=True)
class Scenarios:
    """What became of threads."""

    texts: dict[str, str] = field(default_factory=dict)
    """Of the new scenarios, by name."""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    """What a scenario cannot say: the thread, and what."""
    scripts: dict[str, Script] = field(default_factory=dict)
    """What was answered in these talks, by the model."""


def draft_talks(talks: Iterable[Talk], addresses: Mapping[str, Address], project: Project) -> Scenarios:
    """Give a scenario for every talk that can be one and is not there yet; `addresses` are by id of the assistant."""
    made = Scenarios()
    names = _Names({located.scenario.name for located in project.scenarios})
    known = {located.scenario.description for located in project.scenarios}
    functions: dict[Address, dict[str, Signature]] = {}
    scripted = {model.name for model in project.models}
    for talk in talks:
        if _told(talk) in known:
            continue
        drafted = _draft(talk, addresses, project, names, functions)
        if isinstance(drafted, str):
            made.remarks.append((talk.id, drafted))
            made.remarks += [(talk.id, text) for text in talk.lost]
            continue
        name = str(drafted.data["name"])
        made.remarks += [(f"{talk.id} ({name})", text) for text in (*drafted.remarks, *talk.lost)]
        try:
            made.texts[name] = spec_text(drafted.data)
        except UnwritableError as error:
            made.remarks.append((talk.id, error.message))
            continue
        address = addresses[talk.assistant_id or ""]
        model = str(project.resources[address].fields.get("model"))
        if not scripted & {model, "*"}:
            made.scripts.setdefault(model, Script()).add(talk.said, functions[address])
    return made


def _told(talk: Talk) -> str:
    """Give the description of its scenario, by which it is known when it is migrated again."""
    return f"From {talk.id}."


def _draft(
    talk: Talk,
    addresses: Mapping[str, Address],
    project: Project,
    names: "_Names",
    functions: dict[Address, dict[str, Signature]],
) -> ScenarioDraft | str:
    """Give the scenario of a talk, or say why it has none."""
    address = addresses.get(talk.assistant_id or "")
    if talk.assistant_id is None:
        return "no scenario: no assistant ever answered"
    if address is None:
        return f"no scenario: its assistant {talk.assistant_id} has no spec"
    if address not in functions:
        functions[address] = _functions(project, address)
    first = next((each.user for each in talk.said if each.user.strip()), None)
    if first is None:
        return "no scenario: the user said nothing"
    name = names.take(slug(" ".join(first.split()[:WORDS])) or "talk")
    called = functions[address]

    def takes(call: AnsweredCall) -> bool:
        return not any(called[call.name].find_faults(call.arguments, (), whole=True))

    draft = draft_scenario(name, address.name, talk.said, called, _told(talk), takes)
    return draft or "no scenario: the user said nothing"


def _functions(project: Project, address: Address) -> dict[str, Signature]:
    """Give the functions of an assistant by name."""
    resource = project.resources.get(address)
    fields = resource.fields if resource is not None else {}
    paths = [path for path, value in fields.items() if path.startswith("tools.") and value == "function"]
    made = (
        Signature(path.removeprefix("tools."), fields[f"{path}.parameters"], bool(fields[f"{path}.strict"]))
        for path in paths
    )
    return {each.name: each for each in made}


class _Names:
    """Names that are free; thousands of talks begin alike, so that it is remembered how far each has come."""

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = {name.casefold() for name in taken}
        self._next: dict[str, count[int]] = {}

    def take(self, base: str) -> str:
        """Give the name, with a number where it is taken, and take it."""
        name, numbers = base, self._next.setdefault(base, count(2))
        while name in self._taken:
            end = f"-{next(numbers)}"
            name = base[: MAX_NAME - len(end)].rstrip("-") + end
        self._taken.add(name)
        return name
