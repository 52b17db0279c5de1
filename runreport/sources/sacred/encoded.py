"""Python objects as jsonpickle writes them into JSON: numbers and tuples, nothing constructed."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from typing import Any

from runreport.sources.runfolders import number

_FORMATS = {
    "f8": "<d", "f4": "<f", "f2": "<e", "i8": "<q", "i4": "<i", "i2": "<h", "i1": "<b",
    "u8": "<Q", "u4": "<I", "u2": "<H", "u1": "<B", "b1": "<?",
}  # fmt: skip
_MOST_DEEP = 20


class Decoder:
    """Reads the encoded values of one document."""

    def __init__(self) -> None:
        self._kind = ""
        """Of the number seen last: a later one refers to it."""
        self.unread = 0
        """Objects that were left out since this was last set to 0."""

    def value(self, item: Any, depth: int = 0) -> Any:
        """The plain value; None, and counted, where it is another object."""
        if depth > _MOST_DEEP:
            self.unread += 1
            return None
        if isinstance(item, list):
            return [self.value(one, depth + 1) for one in item]
        if not isinstance(item, Mapping):
            return item
        if "py/tuple" in item or "py/set" in item:
            return self.value(item.get("py/tuple", item.get("py/set")), depth + 1)
        if "py/reduce" in item:
            return self._reduced(item["py/reduce"])
        kind = item.get("py/object")
        if isinstance(kind, str) and kind.startswith("numpy."):
            if "value" in item and not isinstance(item["value"], Mapping | list):
                return item["value"]
            if isinstance(values := item.get("values"), list):
                return self.value(values, depth + 1)
        if any(key.startswith("py/") for key in item):
            self.unread += 1
            return None
        return {key: self.value(one, depth + 1) for key, one in item.items()}

    def number(self, item: Any) -> float | None:
        """A number, however it is stored."""
        found = self.value(item)
        if isinstance(found, bool):
            return None
        return found if isinstance(found, float) else number(found)

    def _reduced(self, parts: Any) -> float | None:
        """A numpy scalar as its bytes."""
        try:
            function, arguments = parts[0]["py/function"], parts[1]["py/tuple"]
            if not function.endswith("multiarray.scalar"):
                raise ValueError
            described = arguments[0]
            if isinstance(described, Mapping) and "py/reduce" in described:
                self._kind = str(described["py/reduce"][1]["py/tuple"][0])
            data = base64.b64decode(arguments[1]["py/b64"], validate=False)
            (found,) = struct.unpack(_FORMATS[self._kind], data)
            return float(found)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, binascii.Error):
            pass
        except struct.error:
            pass
        self.unread += 1
        return None
