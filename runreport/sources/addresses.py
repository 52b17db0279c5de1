"""Addresses that runs logged, fit to be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit


def without_userinfo(url: str) -> str:
    """An address without user name and password; other text as it is."""
    try:
        parts = urlsplit(url)
        if not parts.netloc:
            return url
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    except ValueError:
        return re.sub(r"//[^/]*@", "//", url)


def web_address(text: str) -> str | None:
    """The page of a repository: no user, password or query; None where it is not on the web."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
