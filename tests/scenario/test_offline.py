"""The closed network: real attempts against a port that listens, in this thread and in another."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from orchestrator.scenario.offline import OfflineError, no_network


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_connection_is_refused_with_its_address_and_works_afterwards(port):
    with (
        socket.socket() as dialing,
        no_network(),
        pytest.raises(OfflineError, match=rf"connect \('127.0.0.1', {port}\)"),
    ):
        dialing.connect(("127.0.0.1", port))
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    ],
    ids=["getaddrinfo", "gethostbyname", "sendto"],
)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_names_and_datagrams_are_refused(attempt: Callable[[], object]):
    with no_network(), pytest.raises(OfflineError, match="the network is closed"):
        attempt()


def test_another_thread_is_refused_too(port):
    seen: list[str] = []

    def dial() -> None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OfflineError as error:
            seen.append(error.message)

    with no_network():
        thread = threading.Thread(target=dial)
        thread.start()
        thread.join(10)
    assert len(seen) == 1


def test_the_inner_of_two_guards_does_not_open_it(port):
    with no_network():
        with no_network():
            pass
        with pytest.raises(OfflineError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
