"""What an apply leaves in the history: who gave it, what was done, and that also where it died on the way."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestrator.model.address import Address
from orchestrator.reconcile.execute import Listener
from orchestrator.reconcile.history import Command, Entry
from orchestrator.reconcile.outcome import Outcome
from orchestrator.reconcile.plan import Change, Plan
from orchestrator.spec.revisions import run_git

# Where a CI says who started the run; the first that is set counts. A repeated run on GitHub has two names: whose
# run it was (ACTOR), and who repeated it (TRIGGERING_ACTOR). BUILD_REQUESTEDFOR is Azure Pipelines'.
_CI_ACTORS = (
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_REQUESTEDFOR",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
)
NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an apply comes from."""

    command: Command
    who: str
    revision: str | None
    """The git revision of the specs; None where no specs are applied, or outside of git."""


def who(env: Mapping[str, str], author: str | None, login: str | None) -> str:
    """Give who is at work: the CI's actor, else whom git knows as the author, else the login name."""
    names = [*(env.get(name) for name in _CI_ACTORS), author, login]
    return next((name.strip() for name in names if name is not None and name.strip()), NOBODY)


def read_who(root: Path, env: Mapping[str, str]) -> str:
    """Give who is at work in a folder, as `who` has it; git is asked for the author, the system for the login name."""
    known = (run_git(root, "config", "--get", f"user.{key}") for key in ("email", "name"))
    try:
        login = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container whose user has no name
        login = None
    return who(env, next((value for value in known if value), None), login)


def get_revision(plan: Plan) -> str | None:
    """Give the revision that a plan writes on live objects; None where it writes none, such as deletes only."""
    written = (change.marks.revision for change in plan.pending if change.marks is not None)
    return next((revision for revision in written if revision is not None), None)


class Recorder:
    """Keeps what becomes of changes while it happens, for another listener too."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._outcomes: dict[Address, Outcome] = {}
        self.heard = False
        """Whether any change was begun or decided on: else there is nothing to remember."""

    def started(self, change: Change) -> None:
        """Pass it on."""
        self.heard = True
        self._listener.started(change)

    def reached(self, change: Change, step: str, done: int, total: int) -> None:
        """Pass it on."""
        self._listener.reached(change, step, done, total)

    def finished(self, outcome: Outcome) -> None:
        """Keep it and pass it on."""
        self.heard = True
        self._outcomes[outcome.address] = outcome
        self._listener.finished(outcome)

    def stopping(self, under_way: int) -> None:
        """Pass it on."""
        self._listener.stopping(under_way)

    def entry(self, plan: Plan, origin: Origin, interrupted: bool, when: datetime) -> Entry:
        """Give what was done so far of the plan; `when` is aware of its zone."""
        return Entry(
            when=when,
            who=origin.who,
            target=plan.target,
            project=plan.project,
            revision=origin.revision,
            plan_hash=plan.hash,
            command=origin.command,
            outcomes=tuple(self._outcomes[item.address] for item in plan.pending if item.address in self._outcomes),
            interrupted=interrupted,
        )
