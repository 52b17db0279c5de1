"""What one server may see of a user's secrets, and how its certificate is checked.

Secrets stand in no representation, message, digest or file.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runreport.errors import Problem, SourceError


@dataclass(frozen=True)
class Credentials:
    """What is sent with every request to one server, and to no other."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that no message may hold, the longest first."""
    advice: str = "give the credentials that the server asks for"
    """How access is given: names of variables, and which of them are set."""
    authorities: str | None = None
    """File or folder of the certificates to trust; the system's when None."""
    certificate: str | None = None
    """File with a client's certificate and key."""
    insecure: bool = False
    """The server's certificate is not checked: the author's explicit choice."""
    tls_advice: str = "name the file of the authority that signed its certificate"

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """The settings of TLS connections.

        Raises:
            SourceError: RR321 when a file of certificates cannot be read.
        """
        try:
            context = ssl.create_default_context()
            if self.authorities is not None:
                folder = Path(self.authorities).is_dir()
                context.load_verify_locations(
                    cafile=None if folder else self.authorities,
                    capath=self.authorities if folder else None,
                )
            if self.certificate is not None:
                context.load_cert_chain(self.certificate)
        except (OSError, ValueError) as error:
            words = "a file of certificates or keys cannot be used"
            if isinstance(error, OSError) and error.strerror:
                words += f": {error.strerror.lower()}"
            raise SourceError(Problem("RR321", words, None, self.tls_advice)) from None
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
