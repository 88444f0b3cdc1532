"""What several test folders share."""

import asyncio
import sys

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.lookup import find_sandbox
from orchestrator.server.interpreter.sandbox import Sandbox
from orchestrator.server.tools import CodeUnavailableError


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """A sandbox that works here; a test that asks for it is skipped, with the reason, where there is none."""
    try:
        return asyncio.run(find_sandbox(Limits()))
    except CodeUnavailableError as error:
        pytest.skip(f"{sys.platform}: {error}")
