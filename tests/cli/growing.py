"""What every wire is held to while its API grows: shown by list, plan and import, kept on update, never a crash.

A wire is a row: how its objects are spelt, and what they gain. `tests/cli/test_growing_WIRE.py` says the row and plays
`Growing` with each gain.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.providers._client import Client
from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.store import Store
from tests.cli.conftest import Orch
from tests.providers.building import app_on_port, served
from tests.providers.newer import Newer

SPECS = """
kind: Assistant
name: tutor
model: gpt-4o
instructions: Be kind.
response_format: {json_schema: {name: reply, schema: {type: object}}}
tools: [{function: quiz}SEARCH]
OWN
---
kind: Function
name: quiz
description: Ask
parameters: {type: object, properties: {n: {type: integer}}}
---
{kind: VectorStore, name: papers, expires_after: {days: 7}}
---
{kind: VectorStore, name: notes}
---
kind: Scenario
name: quiz
assistant: tutor
turns:
  - user: a quiz, please
    mocks: {quiz: {returns: paris}}
    checks: [{contains: you said}, {tool_called: {name: quiz, times: 2}}]
  - user: thanks
    checks: [{contains: hello}]
"""
EVERY_EDIT = (
    ("Be kind.", "Be strict."),
    ("description: Ask", "description: Ask them"),
    ("schema: {type: object}", "schema: {type: object, title: Reply}"),
    ("expires_after: {days: 7}", "expires_after: {days: 8}"),
    ("name: notes", "name: notes, display_name: Notes"),
)
"""One for every part of an object, so that all of it is sent again."""


@dataclass(frozen=True)
class Gain:
    """Something an object has one day that specs have no words for."""

    name: str
    body: Mapping[str, Any]
    """What somebody writes on the live object; `LIVE` in a value stands for what is there, `[*LIVE, ...]` adds."""
    shown: str
    """The path it is shown at."""
    store: bool = False


@dataclass(frozen=True)
class Wire:
    """How one wire spells things."""

    provider: str
    path: str
    """Where its assistants are."""
    portal: Mapping[str, Any]
    """An object somebody else made, which a spec could have made."""
    search: str = ""
    """More tools, as a spec has them."""
    own: str = ""
    """What only this wire knows, as a spec has it."""
    edits: tuple[tuple[str, str], ...] = field(default=())
    """Changes of specs beside those of every wire."""


def grown(live: Any, gain: Any) -> Any:
    """Give what to write: a gain over what is live; a list is told by index, `+` adds to it."""
    if isinstance(gain, Mapping):
        if "+" in gain:
            return [*(live or ()), gain["+"]]
        if gain and all(isinstance(key, int) for key in gain):
            return [grown(item, gain[index]) if index in gain else item for index, item in enumerate(live)]
        base = dict(live) if isinstance(live, Mapping) else {}
        return base | {key: grown(base.get(key), item) for key, item in gain.items()}
    return gain


def holds(live: Any, gain: Any) -> bool:
    """Tell whether what was gained is still there, at its place or at another of its list."""
    if isinstance(gain, Mapping):
        if "+" in gain:
            return gain["+"] in live
        if gain and all(isinstance(key, int) for key in gain):
            return all(any(holds(item, one) for item in live) for one in gain.values())
        return isinstance(live, Mapping) and all(holds(live.get(key), item) for key, item in gain.items())
    return bool(live == gain)


class Growing:
    """A project, the server it is applied to, and what that gains."""

    def __init__(self, wire: Wire, server: Newer, url: str, folder: Path, orch: Orch) -> None:
        self.wire, self.server, self.folder, self._orch, self._url = wire, server, folder, orch, url
        target = f"{{provider: {wire.provider}, base_url: {url}}}"
        (folder / "orch.yaml").write_text(
            f"kind: Project\nname: shop\ndefault_target: live\ntargets: {{live: {target}}}\n"
        )
        self.specs = folder / "specs.yaml"
        self.specs.write_text(SPECS.replace("SEARCH", wire.search).replace("OWN", wire.own))

    def orch(self, *arguments: str, code: int = 0) -> str:
        """Run a command and see that it ends as it should."""
        done = self._orch(*arguments)
        assert done.code == code, f"{arguments}: {done.code}\n{done.out}\n{done.err}"
        return done.out

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do something outside."""

        async def send() -> Any:
            betas = {"/agents": "agents=v1"}
            client = Client(self._url, None, betas=betas)
            try:
                return await (client.get(path) if body is None else client.post(path, body, once=True))
            finally:
                await client.close()

        return asyncio.run(send())

    def live(self, gain: Gain) -> Any:
        """Give the object that gains something, as the API has it."""
        path, name = ("/vector_stores", "papers") if gain.store else (self.wire.path, "tutor")
        return next(item for item in self.ask("GET", path)["data"] if item["name"] == name)

    def gain(self, gain: Gain) -> None:
        """Let the object gain it."""
        live = self.live(gain)
        path = "/vector_stores" if gain.store else self.wire.path
        self.ask("POST", f"{path}/{live['id']}", {key: grown(live.get(key), item) for key, item in gain.body.items()})

    def unknown(self) -> list[str]:
        """Give what `orch list` shows of unknown fields."""
        return [
            path for each in json.loads(self.orch("list", "--format", "json"))["objects"] for path in each["unknown"]
        ]

    def kept(self) -> list[str]:
        """Give what `orch plan` says is kept, where it has nothing else to say."""
        plan = json.loads(self.orch("plan", "--detailed-exitcode", "--format", "json"))
        return [path for each in plan["kept"] for path in each["paths"]]


@contextmanager
def growing(wire: Wire, folder: Path, orch: Orch) -> Iterator[Growing]:
    """Start the server, and apply the project to it."""
    with Store.open(folder / "server.db") as store:
        server = Newer(create_app(assemble(store, served())))
        with app_on_port(server) as url:
            project = Growing(wire, server, f"{url}/v1", folder, orch)
            project.orch("apply", "--yes")
            yield project


def check_that_it_is_shown_and_kept(project: Growing, gain: Gain) -> None:
    """The object gains something; list and plan show it, and an update of everything else leaves it."""
    assert (project.unknown(), project.kept()) == ([], [])
    project.gain(gain)
    assert project.unknown() == [gain.shown]
    assert project.kept() == [gain.shown]
    assert gain.shown in project.orch("list")
    assert gain.shown in project.orch("plan")
    project.orch("drift")
    text = project.specs.read_text()
    for old, new in (*EVERY_EDIT, *project.wire.edits):
        assert old in text, old
        text = text.replace(old, new)
    project.specs.write_text(text)
    project.orch("apply", "--yes")
    assert holds(project.live(gain), gain.body)
    assert project.kept() == [gain.shown]


def check_that_it_is_imported_and_kept(project: Growing, gain: Gain) -> None:
    """An object somebody else made has it; an import says so and leaves it, and so does an update after that."""
    kind, path = ("vector_store", "/vector_stores") if gain.store else ("assistant", project.wire.path)
    expires = {"anchor": "last_active_at", "days": 7}
    made = {"name": "portal", "expires_after": expires} if gain.store else dict(project.wire.portal)
    id = project.ask("POST", path, {**made, **{key: grown(made.get(key), item) for key, item in gain.body.items()}})[
        "id"
    ]
    project.orch("import", f"{kind}.portal={id}", "--into", "imported")
    assert project.kept() == [gain.shown]
    [file] = (project.folder / "imported").rglob("portal.yaml")
    text = file.read_text()
    assert f"# Specs cannot express its {gain.shown}: that stays." in text
    assert "name: portal\n" in text
    file.write_text(text.replace("name: portal\n", "name: portal\ndisplay_name: Portal\n", 1))
    project.orch("apply", "--yes")
    live = project.ask("GET", f"{path}/{id}")
    assert live["name"] == "Portal"
    assert holds(live, gain.body)
    assert project.kept() == [gain.shown]


def check_that_unknown_events_are_no_matter(project: Growing) -> None:
    """Streams tell of things nobody knows, and scenarios pass."""
    project.server.strange_events = True
    project.orch("test")
    assert project.server.strange_sent > 10
