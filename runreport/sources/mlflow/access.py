"""Access to a tracking server, from the variables that MLflow's own client reads."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping

from runreport.errors import Problem, SourceError
from runreport.sources.credentials import Credentials
from runreport.sources.transport import Address, Patience

TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105  # the name of a variable
USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105  # the name of a variable
TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
CLIENT_CERTIFICATE = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
AUTHORITIES = "MLFLOW_TRACKING_SERVER_CERT_PATH"
USUAL_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def address_of(location: str) -> Address:
    """The address of the server that an author names.

    Raises:
        SourceError: RR320, never with the user name and password that the location may hold.
    """
    try:
        return Address.of(location)
    except ValueError as error:
        hints = {
            "@": f"take them out of it and set {USERNAME} and {PASSWORD}, or {TOKEN}",
            "#": "write it up to the `#` of the browser's address, and name `experiments`",
            "?": "write it up to the `?` of the browser's address",
        }
        hint = next((text for sign, text in hints.items() if sign in location), None)
        example = "write it as http://host:5000 or https://host/path"
        raise SourceError(Problem("RR320", str(error), None, hint or example)) from None


def credentials_in(environ: Mapping[str, str]) -> Credentials:
    """The credentials that the environment gives: user name and password, or else a token.

    Raises:
        SourceError: RR321 when a token cannot be sent.
    """
    token = environ.get(TOKEN, "").strip()
    username, password = environ.get(USERNAME, ""), environ.get(PASSWORD, "")
    headers: dict[str, str] = {}
    secrets: list[str] = []
    if username and password:
        coded = base64.b64encode(f"{username}:{password}".encode("utf-8", "surrogateescape"))
        headers["Authorization"] = f"Basic {coded.decode()}"
        secrets += [coded.decode(), password]
        advice = f"{USERNAME} and {PASSWORD} were sent; the server does not accept them"
    elif token:
        if not (token.isascii() and token.isprintable()):
            message = f"{TOKEN} holds characters that cannot be sent in a header"
            raise SourceError(Problem("RR321", message, None, "set it to the token alone"))
        headers["Authorization"] = f"Bearer {token}"
        secrets.append(token)
        advice = f"{TOKEN} was sent; the server does not accept it"
    else:
        missing = {USERNAME: username, PASSWORD: password}
        unset = [name for name, value in missing.items() if not value]
        half = f" ({unset[0]} is not set)" if len(unset) == 1 else " (none of them is set)"
        advice = f"set {USERNAME} and {PASSWORD}, or {TOKEN}{half}"
    return Credentials(
        headers=headers,
        secrets=tuple(secrets),
        advice=advice,
        authorities=next(filter(None, map(environ.get, (AUTHORITIES, *USUAL_AUTHORITIES))), None),
        certificate=environ.get(CLIENT_CERTIFICATE) or None,
        insecure=environ.get(INSECURE, "").strip().lower() in ("true", "1"),
        tls_advice=f"name the authority's certificate in {AUTHORITIES}",
    )


def patience_in(environ: Mapping[str, str]) -> Patience:
    """How long to wait for an answer: ten seconds between two bytes unless the environment says
    otherwise.
    """
    try:
        seconds = float(environ.get(TIMEOUT, ""))
    except ValueError:
        return Patience()
    if not (math.isfinite(seconds) and seconds > 0):
        return Patience()
    return Patience(silence_s=seconds, exchange_s=max(3 * seconds, Patience().exchange_s))
