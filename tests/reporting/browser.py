"""A real browser, where there is one: pages are opened in it and what it made of them is read back."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=5000",
)


class Seen(NamedTuple):
    """A page as the browser has it once its scripts have run."""

    dom: str
    complaints: list[str]
    """What it said on its console: errors of scripts, and what the page's policy refused."""


@contextmanager
def _profile() -> Iterator[str]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield f"--user-data-dir={folder}"


def look(file: Path, fragment: str = "") -> Seen:
    """Open a file, at the place its fragment names, and give what came of it."""
    assert CHROMIUM is not None
    with _profile() as profile:
        command = [CHROMIUM, *OPTIONS, profile, "--dump-dom", f"{file.as_uri()}#{fragment}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return Seen(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])
