"""Bytes to text: what the byte order mark says, else UTF-8, else Latin-1 and a word about it."""

from __future__ import annotations

import codecs
import re

from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes, name: str, complaints: Complaints, *, latin: bool = True) -> str:
    """The text of a file.

    Args:
        data: its bytes.
        name: how messages call it.
        complaints: where a guess is told.
        latin: text that is no UTF-8 may be Latin-1.

    Raises:
        SourceError: RR344 when it is no text.
    """
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start + len(mark)
    if mark or not latin or _BINARY.search(data):
        message = f"byte {at:,} is no {encoding.upper()}"
        hint = "save the file as UTF-8"
        raise SourceError(Problem("RR344", message, hint=hint, place=name))
    message = f"byte {at:,} is no UTF-8; the file is read as Latin-1 (Windows-1252)"
    complaints.add("RR362", name, message, hint="save the file as UTF-8", severity="note")
    # what Windows-1252 leaves undefined becomes the replacement character
    return data.decode("cp1252", "replace")
