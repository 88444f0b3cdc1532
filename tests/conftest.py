"""What several test folders share."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.lookup import find_sandbox
from orchestrator.server.interpreter.sandbox import Sandbox
from orchestrator.server.tools import CodeUnavailableError
from tests.browser import CHROMIUM, Browser, browsing


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """A sandbox that works here; a test that asks for it is skipped, with the reason, where there is none."""
    try:
        return asyncio.run(find_sandbox(Limits()))
    except CodeUnavailableError as error:
        pytest.skip(f"{sys.platform}: {error}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser that runs for all tests; a test that asks for it is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with browsing() as running:
        yield running
