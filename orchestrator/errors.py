"""Everything that can go wrong, named by what the caller can do about it.

    OrchError                      anything orch raises on purpose
    ├── SpecError                  the author mends the specs (carries located diagnostics)
    │   └── NoProjectError         there is no orch.yaml where one was looked for
    ├── UsageError                 the caller mends the command line
    ├── PlanError                  the caller makes a new plan: this one cannot be applied
    ├── ReportError                the caller gives another file: this one is no test report
    └── TargetError                the live side could not do it
        ├── TargetAccessError      fix the key or its rights (401, 403)
        ├── TargetRejectedError    the request itself was refused; sending it again is useless (400, 404, 409, 422)
        ├── TargetMissingError     the object is not there (404)
        ├── TargetBusyError        try again later (429, 5xx, no connection), nothing was carried out
        ├── TargetUnknownError     the reply was lost: it may or may not have been carried out
        └── MovedError             the object is not what the plan was made from; nothing was sent

Errors describe; only `cli/` prints them and chooses the exit code.
"""

from collections.abc import Sequence

from orchestrator.diagnostics import Diagnostic


class OrchError(Exception):
    """An error orch raises on purpose; its text is written for the person who runs it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(OrchError):
    """Specs that cannot be used; holds every problem found, in file order."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.position, d.message)))
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class NoProjectError(SpecError):
    """There is no project here or above: the author begins one, or names another folder."""


class UsageError(OrchError):
    """A command or call that asks for something that does not exist, or for two things that exclude each other."""


class PlanError(OrchError):
    """A saved plan that is damaged, belongs elsewhere, or is not the one that was approved."""


class ReportError(OrchError):
    """A test report that is damaged, or a file that is none."""


class TargetError(OrchError):
    """The live side of a target did not do what was asked."""

    status: int | None = None
    """The HTTP status it was refused with, where a reply came."""


class TargetAccessError(TargetError):
    """The target refused the key, or there is none (401, 403)."""


class TargetRejectedError(TargetError):
    """The target refused this request; the same request will be refused again (400, 409, 422)."""


class TargetMissingError(TargetError):
    """The object asked for is not there (404)."""


class TargetBusyError(TargetError):
    """The target could not take the request now; nothing was carried out (429, 503, no connection)."""


class TargetUnknownError(TargetError):
    """The reply was lost or broken, so the request may or may not have been carried out."""


class MovedError(TargetError):
    """The live object is not what the plan was made from, so nothing was written to it."""
