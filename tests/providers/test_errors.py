import pytest

from orchestrator.providers._errors import refused


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "two\nlines", "code": None}, "two\nlines (HTTP 400)"),
        ({"detail": "model is required"}, '{"detail": "model is required"} (HTTP 400)'),
        ("<html>\n\n  <p>no", "<html> <p>no (HTTP 400)"),
        (None, "refused without a reason (HTTP 400)"),
        ("", "refused without a reason (HTTP 400)"),
        ([1], "[1] (HTTP 400)"),
    ],
)
def test_the_message_is_the_servers_own_where_it_has_one(body, message):
    assert refused(400, body, writes=True).message == message
