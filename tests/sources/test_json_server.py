"""One request to a server: how long it may take, how often it is sent, and what is believed."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from runreport.codes import CODES
from runreport.errors import Problem, SourceError
from runreport.sources.credentials import Credentials
from runreport.sources.json_server import Deadline, JsonServer, Refused, Retries
from runreport.sources.refusals import Refusals
from runreport.sources.transport import Address, Patience
from tests.sources import fault_server
from tests.sources.fault_server import FAULTS, Answers, serving

QUICK = Patience(connect_s=1.0, silence_s=0.3, exchange_s=0.6, body_bytes=2_000_000)
PATH = "/api/2.0/mlflow/artifacts/list"
EXPECTED = {
    "hang": "RR324",
    "drip": "RR324",
    "drip_head": "RR324",
    "reset": "RR332",
    "cut": "RR332",
    "cut_chunks": "RR332",
    "huge": "RR331",
    "endless": "RR331",
    "packed": "RR330",
    "no_http": "RR330",
    "html": "RR330",
    "html_as_json": "RR330",
    "half_json": "RR330",
    "no_text": "RR330",
    "empty": "RR330",
    "list": "RR333",
    "number": "RR333",
    "deep": "RR330",
    "wide": "RR331",
    "long_number": "RR330",
    "status_400": "RR339",
    "status_401": "RR326",
    "status_403": "RR326",
    "status_404": "RR327",
    "status_429": "RR328",
    "status_500": "RR328",
    "mlflow_500": "RR328",
    "status_503": "RR328",
    "redirect_loop": "RR329",
    "redirect_away": "RR329",
}
"""What each fault is called when it does not go away."""
HEALED = {
    "hang", "drip", "drip_head", "reset", "cut", "cut_chunks",
    "status_429", "status_500", "mlflow_500", "status_503", "redirect_loop",
}  # fmt: skip
"""Faults that asking once more gets over."""


def server_at(
    url: str,
    credentials: Credentials | None = None,
    *,
    deadline: float = 10.0,
    patience: Patience = QUICK,
    first_s: float = 0.01,
) -> JsonServer:
    refusals = Refusals(
        Address.of(url), credentials or Credentials(), "an MLflow tracking server", "wait longer"
    )
    return JsonServer(refusals, Deadline(deadline), patience, Retries(first_s=first_s))


def problem_of(server: JsonServer) -> Problem:
    """The problem that a request ends in."""
    with pytest.raises(SourceError) as caught, server.deadline:
        server.ask(PATH, {"run_id": "a1"})
    (problem,) = caught.value.problems
    return problem


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that connections wait at and nobody serves."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        yield listener


def test_an_answer_is_the_object_the_server_sent() -> None:
    with serving() as faulty:
        found = server_at(faulty.url).ask(PATH, {"run_id": "a1", "path": "plots"})
    assert found == {"files": [{"path": "plots/roc.png", "is_dir": False, "file_size": 12}]}
    assert faulty.requests == [f'GET {PATH} {{"path": "plots", "run_id": "a1"}}']


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_fault_that_stays_is_named_with_a_remedy_and_in_time(name: str) -> None:
    with serving(fault=FAULTS[name]) as faulty:
        started = time.monotonic()
        problem = problem_of(server_at(faulty.url))
        took = time.monotonic() - started
    assert problem.code == EXPECTED[name]
    assert problem.code in CODES
    assert problem.hint
    assert problem.place == faulty.url
    assert took < 4 * QUICK.exchange_s


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_fault_that_passes_is_got_over_or_named(name: str) -> None:
    with serving(fault=FAULTS[name], last=1) as faulty:
        server = server_at(faulty.url)
        if name in HEALED:
            found = server.ask(PATH, {"run_id": "a1", "path": "plots"})
            assert found["files"][0]["path"] == "plots/roc.png"
            assert len(faulty.requests) == 2
        else:
            assert problem_of(server).code == EXPECTED[name]
            assert len(faulty.requests) == 1


@pytest.mark.parametrize("name", ["hang", "drip", "endless", "status_503"])
def test_nothing_goes_on_beyond_the_deadline(name: str) -> None:
    patient = Patience(silence_s=60, exchange_s=60, body_bytes=10**12)
    with serving(fault=FAULTS[name]) as faulty:
        server = server_at(faulty.url, deadline=0.5, patience=patient, first_s=60)
        started = time.monotonic()
        problem = problem_of(server)
        took = time.monotonic() - started
    assert problem.code == ("RR325" if name != "status_503" else "RR328")
    assert took < 1.0


def test_the_time_of_several_requests_is_summed() -> None:
    with serving() as faulty:
        server = server_at(faulty.url, deadline=0.3)
        with server.deadline:
            server.ask(PATH, {"run_id": "a1"})
            time.sleep(0.2)
        # time between two readings is not the server's
        time.sleep(0.2)
        with server.deadline:
            server.ask(PATH, {"run_id": "a1"})
            time.sleep(0.2)
        assert problem_of(server).code == "RR325"


def test_a_dead_port_is_named_in_seconds_with_the_usual_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started = time.monotonic()
    problem = problem_of(server_at(f"http://127.0.0.1:{port}", first_s=Retries().first_s))
    assert time.monotonic() - started < 5
    assert problem.code == "RR322"
    assert "refused (3 attempts)" in problem.message
    assert "is an MLflow tracking server running there?" in str(problem.hint)


def test_a_server_that_keeps_failing_is_given_up_within_ten_seconds_of_usual_waits() -> None:
    with serving(fault=FAULTS["status_500"]) as faulty:
        started = time.monotonic()
        problem = problem_of(server_at(faulty.url, patience=Patience(), first_s=Retries().first_s))
        assert time.monotonic() - started < 10
    assert "HTTP 500" in problem.message
    assert len(faulty.requests) == 4


def test_a_port_that_accepts_and_says_nothing_is_too_slow() -> None:
    with listening() as listener:
        assert (
            problem_of(server_at(f"http://127.0.0.1:{listener.getsockname()[1]}")).code == "RR324"
        )


def test_an_unknown_host_is_no_connection() -> None:
    # RFC 6761: no name below .invalid exists
    problem = problem_of(server_at("http://nowhere.invalid:5000"))
    assert problem.code == "RR322"


def test_a_server_without_tls_behind_an_https_address_is_named() -> None:
    with serving() as faulty:
        problem = problem_of(server_at(faulty.url.replace("http:", "https:")))
    assert problem.code == "RR323"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for 127.0.0.1 that no authority signed, with its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "runreport test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(pem) + private)
    return path


@pytest.mark.parametrize(
    ("trust", "code"),
    [("nobody", "RR323"), ("the authority", None), ("its folder", "RR323"), ("anybody", None)],
)
def test_a_certificate_is_checked(certificate: Path, trust: str, code: str | None) -> None:
    credentials = {
        "nobody": Credentials(),
        "the authority": Credentials(authorities=str(certificate)),
        # a folder of authorities needs names made of hashes: this one holds none
        "its folder": Credentials(authorities=str(certificate.parent)),
        "anybody": Credentials(insecure=True),
    }[trust]
    with serving(certificate=certificate) as faulty:
        server = server_at(faulty.url, credentials)
        if code is None:
            assert server.ask(PATH, {"run_id": "a1", "path": "plots"})["files"]
        else:
            assert problem_of(server).code == code


@pytest.mark.parametrize("name", ["hang", "drip", "reset", "cut"])
def test_a_fault_behind_tls_is_named_in_time(certificate: Path, name: str) -> None:
    credentials = Credentials(authorities=str(certificate))
    with serving(certificate=certificate, fault=FAULTS[name]) as faulty:
        started = time.monotonic()
        assert problem_of(server_at(faulty.url, credentials)).code == EXPECTED[name]
        assert time.monotonic() - started < 4 * QUICK.exchange_s


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_is_asked_again_when_it_said(form: str) -> None:
    later = datetime.now(UTC) + timedelta(seconds=2)
    value = {"seconds": "1", "date": format_datetime(later, usegmt=True)}[form]
    fault = fault_server.refusal(503, Retry_After=value)
    with serving(fault=fault, last=1) as faulty:
        started = time.monotonic()
        server_at(faulty.url).ask(PATH, {"run_id": "a1"})
        took = time.monotonic() - started
    # a date has whole seconds, so up to one of the two is lost
    assert 0.9 <= took < 2.5


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    with serving(fault=fault_server.refusal(429, Retry_After="3600")) as faulty:
        started = time.monotonic()
        problem = problem_of(server_at(faulty.url))
        assert time.monotonic() - started < 1
    assert problem.code == "RR328"
    assert len(faulty.requests) == 1


def test_waits_double_and_chance_takes_up_to_half_of_each() -> None:
    times = []
    with serving(fault=FAULTS["status_500"]) as faulty:
        for chance in (0.0, 1.0):
            server = server_at(faulty.url, first_s=0.1)
            server.chance = lambda chance=chance: chance
            started = time.monotonic()
            problem_of(server)
            times.append(time.monotonic() - started)
    # 0.1 + 0.2 + 0.4 between four attempts, and half of it
    assert times[0] >= 0.7
    assert 0.35 <= times[1] < times[0]


def test_a_connection_is_kept_and_a_closed_one_opened_again() -> None:
    with serving() as faulty:
        server = server_at(faulty.url)
        for _ in range(3):
            server.ask(PATH, {"run_id": "a1"})
        kept = server._idle.qsize()
        server.close()
        server.ask(PATH, {"run_id": "a1"})
    assert kept == 1
    assert len(faulty.requests) == 4


def test_a_redirect_within_the_server_is_followed_with_the_same_request() -> None:
    with serving(fault=fault_server.redirect("{path}&moved=1"), last=2) as faulty:
        found = server_at(faulty.url).ask(PATH, {"run_id": "a1", "path": "plots"})
    assert found["files"]
    assert [line.count("moved") for line in faulty.requests] == [0, 1, 1]


SECRETIVE = Credentials(
    headers={"Authorization": "Bearer hunter2-hunter2"}, secrets=("hunter2-hunter2",)
)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}{path}",
        "http://127.0.0.1:{other}{path}",
        "https://127.0.0.1:{port}{path}",
        "//127.0.0.1:{other}/",
        "http://user@127.0.0.1:{port}{path}",
        "ftp://127.0.0.1/",
        "javascript:alert(1)",
        "http://[::1",
    ],
)
def test_credentials_go_to_no_other_scheme_host_or_port(location: str) -> None:
    with serving() as other, serving() as faulty:
        port, elsewhere = (item.url.rpartition(":")[2] for item in (faulty, other))
        place = location.replace("{port}", port).replace("{other}", elsewhere)
        faulty.fault, faulty.last = fault_server.redirect(place), 1
        problem = problem_of(server_at(faulty.url, SECRETIVE))
        assert other.requests == []
        assert len(faulty.requests) == 1
    assert problem.code == "RR329"
    assert "hunter2" not in f"{problem}"


def test_a_redirect_to_the_same_host_with_tls_says_what_to_write() -> None:
    with serving(fault=fault_server.redirect("https://127.0.0.1/")) as faulty:
        assert problem_of(server_at(faulty.url)).hint == "write https://127.0.0.1"


def test_a_server_that_repeats_credentials_does_not_bring_them_into_messages() -> None:
    said = b'{"error_code": "X", "message": "bad header: Bearer hunter2-hunter2\\u001b[31m\\nno"}'
    for status in (400, 401, 500):
        with serving(fault=fault_server.body(said, status=status)) as faulty:
            problem = problem_of(server_at(faulty.url, SECRETIVE))
        assert "bad header: Bearer [redacted]" in problem.message
        assert "hunter2" not in f"{problem}"
        assert problem.message.isprintable()
    assert "hunter2" not in repr(SECRETIVE)


def test_a_long_answer_of_a_server_is_cut_in_messages() -> None:
    said = b'{"error_code": "X", "message": "' + b"ab " * 5000 + b'"}'
    with serving(fault=fault_server.body(said, status=400)) as faulty:
        assert len(problem_of(server_at(faulty.url)).message) < 300


def test_nothing_packed_is_asked_for() -> None:
    with serving() as faulty:
        server_at(faulty.url).ask(PATH, {"run_id": "a1"})
    assert faulty.headers[0]["Accept-Encoding"] == "identity"


def test_numbers_that_json_does_not_know_are_read() -> None:
    said = b'{"files": [NaN, Infinity, -Infinity, 1e999]}'
    with serving(fault=fault_server.body(said)) as faulty:
        found = server_at(faulty.url).ask(PATH, {"run_id": "a1"})["files"]
    assert [str(number) for number in found] == ["nan", "inf", "-inf", "inf"]


def test_a_reasoned_refusal_can_be_asked_for() -> None:
    with serving(fault=fault_server.refusal(404, "RESOURCE_DOES_NOT_EXIST")) as faulty:
        found = server_at(faulty.url).inquire(PATH, {"run_id": "a1"})
    assert found == Refused(404, "RESOURCE_DOES_NOT_EXIST", "said by the server")


def test_work_is_done_several_at_a_time_and_given_in_order() -> None:
    gate = threading.Barrier(8, timeout=5)

    def work(number: int) -> int:
        gate.wait()
        time.sleep(0.01 * (7 - number % 8))
        return number

    assert list(server_at("http://127.0.0.1:1").in_order(work, range(32))) == list(range(32))


def test_the_first_failure_ends_the_work_that_was_begun() -> None:
    """The others wait on a server that says nothing; nobody waits for them."""
    patient = Patience(silence_s=60, exchange_s=60)
    with serving(fault=FAULTS["hang"]) as hanging, serving(fault=FAULTS["html"]) as faulty:
        server = server_at(hanging.url, deadline=60, patience=patient)
        bad = server_at(faulty.url)

        def work(number: int) -> object:
            if number:
                return server.ask(PATH, {"run_id": "a1"})
            time.sleep(0.2)
            return bad.ask(PATH, {"run_id": "a1"})

        started = time.monotonic()
        with pytest.raises(SourceError, match="RR330"):
            list(server.in_order(work, range(20)))
        assert time.monotonic() - started < 5


def test_nothing_is_read_ahead_without_bound() -> None:
    done: list[int] = []
    results = server_at("http://127.0.0.1:1").in_order(lambda n: done.append(n) or n, range(10_000))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    time.sleep(0.1)
    assert len(done) < 100
    results.close()


def test_a_digest_depends_on_requests_and_answers_not_on_their_order() -> None:
    def digest(*folders: str, **changed: object) -> str:
        with serving(Answers(extra=dict(changed))) as faulty:
            server = server_at(faulty.url)
            for folder in folders:
                server.ask(PATH, {"run_id": "a1", "path": folder})
            return server.digest()

    same = digest("plots", "")
    assert re.fullmatch("[0-9a-f]{64}", same)
    assert digest("", "plots") == same
    assert digest("", "plots", "plots") == same
    assert digest("") != same
    assert digest("plots", "", **{PATH: {"files": []}}) != same


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:5000", "http://localhost:5000"),
        ("HTTP://LocalHost:5000/", "http://localhost:5000"),
        ("https://host/mlflow/", "https://host/mlflow"),
        ("https://host:443/a/b", "https://host/a/b"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x"),
    ],
)
def test_an_address_is_read_and_shown(url: str, shown: str) -> None:
    assert str(Address.of(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://ada:hunter2@host:5000",
        "http://ada@host",
        "ftp://host",
        "host:5000",
        "http://",
        "http://:5000",
        "http://host:5000/#/experiments/1",
        "http://host/?hunter2",
        "http://host:99999",
        "http://host:x",
        "http://ho st/",
        "http://host/\x00",
        "http://[::1",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ValueError, match=r"^the address") as caught:
        Address.of(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_of_certificates_that_is_missing_is_named(tmp_path) -> None:
    for credentials in (
        Credentials(authorities=str(tmp_path / "no.pem")),
        Credentials(certificate=str(tmp_path / "no.pem")),
    ):
        with pytest.raises(SourceError, match=r"RR321.*no such file"):
            server_at("https://127.0.0.1:1", credentials).ask(PATH)
