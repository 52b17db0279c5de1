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


def bare_address(url: str | None) -> str | None:
    """An address of any kind without user, password or query; None for what is no address."""
    if not url or "://" not in url:
        return None
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return None


def web_address(text: str) -> str | None:
    """The page of a repository: no user, password or query; None where it is not on the web."""
    return bare_address(text) if text.lower().startswith(("http://", "https://")) else None
