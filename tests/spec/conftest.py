"""Projects on disk, loaded."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write files below a folder of its own, and give the folder."""

    def files(given: Mapping[str, str | bytes]) -> Path:
        for name, content in given.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
        return tmp_path

    return files
