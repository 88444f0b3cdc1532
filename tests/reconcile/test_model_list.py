import asyncio
import json
from datetime import date

import pytest

from orchestrator.errors import TargetBusyError
from orchestrator.providers.memory import Fault, MemoryProvider
from orchestrator.reconcile.model_list import DAY, fetch_retirements

DATES = {"gpt-4o": date(2026, 12, 1), "한글": date(2027, 1, 1)}


def fetch(provider, file, source="https://a/v1", now=1000.0):
    return asyncio.run(fetch_retirements(provider, file, source, now))


@pytest.fixture
def file(tmp_path):
    return tmp_path / ".orch" / "models-t.json"


def test_the_list_is_asked_for_once_a_day(file):
    provider = MemoryProvider(retirements=DATES)
    for now in (1000.0, 1000.0 + DAY - 1):
        assert fetch(provider, file, now=now) == DATES
    assert provider.requests.total == 1
    assert fetch(provider, file, now=1000.0 + DAY) == DATES
    assert provider.requests.total == 2


def test_a_target_that_knows_of_none_is_not_asked_again_either(file):
    provider = MemoryProvider()
    assert fetch(provider, file) == fetch(provider, file) == {}
    assert provider.requests.total == 1


@pytest.mark.parametrize(("source", "now"), [("https://b/v1", 1000.0), ("https://a/v1", 999.0)])
def test_another_server_or_a_clock_set_back_is_asked_anew(file, source, now):
    provider = MemoryProvider(retirements=DATES)
    fetch(provider, file)
    fetch(provider, file, source, now)
    assert provider.requests.total == 2


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", '{"format": "orch.models/1"}', '{"format": "orch.models/2"}', "\udcff", '"x"']
)
def test_a_file_that_cannot_be_read_is_asked_for_and_written_anew(file, spoilt):
    file.parent.mkdir()
    file.write_bytes(spoilt.encode("utf-8", "surrogateescape"))
    assert fetch(MemoryProvider(retirements=DATES), file) == DATES
    assert json.loads(file.read_text())["dates"]["gpt-4o"] == "2026-12-01"


def test_a_day_that_is_none_in_the_file_is_asked_for(file):
    fetch(MemoryProvider(retirements=DATES), file)
    file.write_text(file.read_text().replace("2026-12-01", "soon"))
    assert fetch(MemoryProvider(retirements=DATES), file) == DATES


def test_a_failure_keeps_nothing(file):
    faulty = MemoryProvider(retirements=DATES, faults=[Fault("GET /models", TargetBusyError("busy"))])
    with pytest.raises(TargetBusyError):
        fetch(faulty, file)
    assert fetch(faulty, file) == DATES


def test_a_folder_that_cannot_be_written_costs_a_request(tmp_path):
    (tmp_path / "file").write_text("in the way")
    provider = MemoryProvider(retirements=DATES)
    for _ in range(2):
        assert fetch(provider, tmp_path / "file" / "models.json") == DATES
    assert provider.requests.total == 2
