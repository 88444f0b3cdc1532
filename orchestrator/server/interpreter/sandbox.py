"""The sandbox as a bubblewrap command line: which of the machine's files the code sees, and nothing else of it.

The command line is a pure function of its inputs, so that a review of the sandbox is a review of `get_argv`.
The code sees the system's libraries and this Python, read-only, by exact path: no home folder, no project, no
database, no /etc beyond what the dynamic loader needs. Everything it can write is memory that vanishes with it.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.server.interpreter.limits import Limits

WORK_DIR = "/mnt/data"
"""The working directory of the code, where files come in and go out (OpenAI's own path)."""

CHANNEL_DIR = "/run/kernel"
"""Where the kernel puts its Unix sockets; there is no network to talk over."""

LAUNCHER = "/run/launch.py"
"""Where `inside.py` of this package is seen from inside."""

LAUNCHER_FILE = str(Path(__file__).with_name("inside.py"))
"""Where it is out here."""

_NOBODY = "65534"
_FIRST_USER = 2_000_000_000  # in a range of user ids that no distribution gives out, nor systemd
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store")
_LOADER = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
_PREFIX_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")  # a prefix can be a project or a home: never bound whole
_CHANNEL_BYTES = 1 << 20
_MATH_THREADS = "4"  # OpenBLAS starts a thread per core; on a big machine that alone would meet the process limit


@dataclass(frozen=True, slots=True)
class PythonLayout:
    """Where this Python lives: what must be visible for it to start with the packages it has here."""

    executable: str
    prefixes: tuple[str, ...]
    """Installation prefixes (a virtual environment, the Python below it), links followed and not."""
    packages: tuple[str, ...]
    """Package folders on sys.path that lie outside the prefixes, such as a user's own."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A way to start programs in a sandbox that was tried and works on this machine."""

    bwrap: str
    layout: PythonLayout
    privileged: bool
    """True: bwrap runs as root and the launcher gives root up (limits on processes do not bind root);
    False: bwrap makes a user namespace, as any user may."""


def find_layout(executable: str = sys.executable, search_path: Sequence[str] = tuple(sys.path)) -> PythonLayout:
    """Look up where this Python lives, following links (a virtual environment's python is one)."""
    homes = [Path(sys.prefix), Path(sys.base_prefix), Path(executable).resolve().parent.parent]
    prefixes = tuple(dict.fromkeys(str(path) for home in homes for path in (home, home.resolve())))
    folders = [entry for entry in search_path if Path(entry).name in ("site-packages", "dist-packages")]
    return PythonLayout(executable, prefixes, tuple(f for f in folders if not _is_within(f, prefixes)))


def get_argv(sandbox: Sandbox, limits: Limits, launcher: str, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` in the sandbox; `launcher` is the path of `inside.py` out here."""
    return [sandbox.bwrap, *_isolation(sandbox), *_files(sandbox.layout, limits, launcher), "--", *command]


def get_user(process_id: int) -> int:
    """The user id that a sandbox started by root changes to: its own, so that Linux counts its processes alone."""
    return _FIRST_USER + process_id


def get_kernel_command(layout: PythonLayout) -> list[str]:
    """The program a sandbox runs: `inside.py`. With -P its folder is not on the code's import path."""
    return [layout.executable, "-P", LAUNCHER]


def _isolation(sandbox: Sandbox) -> list[str]:
    namespaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if sandbox.privileged:
        # The launcher changes to a user of its own and loses these two with it, before any of the user's code runs.
        identity = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        identity = ["--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY, "--disable-userns", "--cap-drop", "ALL"]
    return [*namespaces, *identity, "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv",
            *_environment(sandbox.layout)]  # fmt: skip


def _environment(layout: PythonLayout) -> list[str]:
    variables = {
        "PATH": f"{os.path.dirname(layout.executable)}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "USER": "sandbox",  # there is no /etc/passwd to ask
        "LOGNAME": "sandbox",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures come out as images at the end of a cell
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": _MATH_THREADS,
        "OPENBLAS_NUM_THREADS": _MATH_THREADS,
    }
    if layout.packages:
        variables["PYTHONPATH"] = os.pathsep.join(layout.packages)
    return [word for name, value in variables.items() for word in ("--setenv", name, value)]


def _files(layout: PythonLayout, limits: Limits, launcher: str) -> list[str]:
    parts = [f"{prefix.rstrip('/')}/{part}" for prefix in layout.prefixes for part in _PREFIX_PARTS]
    own = [path for path in dict.fromkeys((*parts, *layout.packages)) if not _is_within(path, _SYSTEM)]
    disk = str(limits.disk_bytes)
    return [
        *_parents((*_SYSTEM, *_LOADER, WORK_DIR, CHANNEL_DIR)),
        *_read_only((*_SYSTEM, *_LOADER)),
        "--proc", "/proc",
        "--dev", "/dev",
        "--perms", "1777", "--size", disk, "--tmpfs", "/dev/shm",
        "--remount-ro", "/dev",
        "--perms", "1777", "--size", disk, "--tmpfs", "/tmp",
        "--perms", "0777", "--size", disk, "--tmpfs", WORK_DIR,
        "--perms", "0777", "--size", str(_CHANNEL_BYTES), "--tmpfs", CHANNEL_DIR,
        # After the empty directories: this Python may live in /tmp.
        *_parents(own),
        *_read_only(own),
        "--ro-bind", launcher, LAUNCHER,
        "--chdir", WORK_DIR,
        "--remount-ro", "/",
    ]  # fmt: skip


def _read_only(paths: Iterable[str]) -> list[str]:
    return [word for path in paths for word in ("--ro-bind-try", path, path)]


def _parents(paths: Iterable[str]) -> list[str]:
    """Make the folders above the bound ones readable for all; bwrap's default closes them to the sandbox's user."""
    above = {str(parent) for path in paths for parent in Path(path).parents} - {"/"}
    return [word for path in sorted(above) for word in ("--perms", "0755", "--dir", path)]


def _is_within(path: str, roots: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(root) for root in roots)
