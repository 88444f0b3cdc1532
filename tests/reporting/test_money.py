"""Amounts have as many digits as say something."""

import pytest

from orchestrator.reporting.money import usd


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (12.5, "$12.50"),
        (1234.567, "$1234.57"),
        (0.5, "$0.50"),
        (0.0123, "$0.0123"),
        (0.01234, "$0.0123"),
        (0.002, "$0.002"),
        (0.000004, "$0.000004"),
        (1e-9, "$0.00"),
    ],
)
def test_amounts(amount, text):
    assert usd(amount) == text
