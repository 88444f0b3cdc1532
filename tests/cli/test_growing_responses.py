"""The Responses API grows: it stores no assistants, so what can gain something are its stores and its streams."""

import pytest

from tests.cli import growing as held
from tests.cli.growing import Gain, Wire

WIRE = Wire(provider="responses", path="", portal={}, search=", {file_search: {vector_stores: [papers]}}")
GAINS = (
    Gain("a field of a store", {"x_mood": "sunny"}, "unknown.x_mood", store=True),
    Gain("a key of an expiry", {"expires_after": {"x_grace": 3}}, "unknown.expires_after", store=True),
)


@pytest.fixture
def project(tmp_path, orch):
    with held.growing(WIRE, tmp_path, orch) as project:
        yield project


@pytest.mark.parametrize("gain", GAINS, ids=lambda gain: gain.name)
def test_what_an_object_gains_is_shown_and_kept(project, gain):
    held.check_that_it_is_shown_and_kept(project, gain)


@pytest.mark.parametrize("gain", GAINS, ids=lambda gain: gain.name)
def test_what_is_imported_keeps_what_no_spec_can_say(project, gain):
    held.check_that_it_is_imported_and_kept(project, gain)


def test_unknown_events_are_no_matter(project):
    held.check_that_unknown_events_are_no_matter(project)
