"""What it means when a server does not give what was asked for: problems with their remedies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runreport.errors import Problem
from runreport.sources.credentials import Credentials
from runreport.sources.transport import Address, Failed, Kind

_CODES: Mapping[Kind, str] = {
    "refused": "RR322",
    "unreachable": "RR322",
    "untrusted": "RR323",
    "slow": "RR324",
    "garbled": "RR330",
    "large": "RR331",
    "reset": "RR332",
    "cut": "RR332",
}

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which asking again may help."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """The problems of one server."""

    address: Address
    credentials: Credentials
    what: str
    """What is expected at the address: `an MLflow tracking server`."""
    slow_advice: str
    """How to wait longer."""

    @property
    def where(self) -> str:
        return f"is this the address of {self.what}, with its path if it has one?"

    def problem(self, code: str, message: str, hint: str | None = None) -> Problem:
        return Problem(code, message, None, hint, place=str(self.address))

    def failed(self, failed: Failed, attempts: int) -> Problem:
        """No whole answer came, in so many attempts."""
        tried = f" ({attempts} attempts)" if attempts > 1 else ""
        messages: Mapping[Kind, str] = {
            "untrusted": f"no secure connection: {failed.words}",
            "slow": f"the server did not answer in time{tried}",
            "garbled": f"the server's answer cannot be read: {failed.words}",
            "large": f"the server's answer is too large: {failed.words}",
            "cut": f"the server's answer is cut off: {failed.words}{tried}",
        }
        hints: Mapping[Kind, str] = {
            "refused": f"is {self.what} running there? start it, or correct the address",
            "unreachable": "correct the address, or look at the network",
            "untrusted": self.credentials.tls_advice,
            "slow": self.slow_advice,
            "garbled": f"is it {self.what}? an address with TLS is written https://",
            "large": "name the experiments to read, or read the server's database itself",
        }
        cuts = "the server or a proxy before it closes connections; its log may say why"
        default = f"no answer from {self.address.origin}: {failed.words}{tried}"
        message, hint = messages.get(failed.kind, default), hints.get(failed.kind, cuts)
        return self.problem(_CODES[failed.kind], message, hint)

    def too_late(self, seconds: float) -> Problem:
        """The time of the source is over."""
        message = f"reading took longer than {seconds:g} s"
        hint = (
            f"allow it more time (`deadline: {max(600, 5 * round(seconds))}` beside the address),"
            " name the experiments to read, or read the server's database itself"
        )
        return self.problem("RR325", message, hint)

    def status(self, status: int, words: str) -> Problem:
        """The server answered with this status in the end; `words` are what it said."""
        if status in (401, 403):
            message = f"the server refuses access (HTTP {status}){words}"
            return self.problem("RR326", message, self.credentials.advice)
        if status == 404:
            message = f"the server has no such page (HTTP 404){words}"
            return self.problem("RR327", message, self.where)
        if status in TRANSIENT:
            what = "asks to be asked less often" if status == 429 else "keeps failing"
            hint = "try again later; the server's log may say why"
            return self.problem("RR328", f"the server {what} (HTTP {status}){words}", hint)
        hint = "the server's log may say more; old servers lack parts of the interface"
        return self.problem("RR339", f"the server rejects the request (HTTP {status}){words}", hint)

    def redirecting(self, there: Address) -> Problem:
        """A redirect to another server, which is not followed."""
        hint = self.where
        if (there.host, there.scheme) == (self.address.host, "https"):
            hint = f"write {there.origin}{self.address.prefix}"
        elif not self.credentials.headers:
            hint = f"it may ask for a login: {self.credentials.advice}"
        message = f"the server redirects to {there.origin}, where it is not followed"
        return self.problem("RR329", message, hint)
