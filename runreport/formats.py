"""How numbers are written: one place, so that a number reads the same everywhere."""

from __future__ import annotations

import math

MINUS = "\u2212"
MISSING = "\u2013"
"""Shown where there is no value."""
NARROW_SPACE = "\u202f"
LARGEST = 1e15
"""From here on a float has no decimals, and its digits in full say nothing more."""


def number(value: float | None, digits: int = 4) -> str:
    """A number with `digits` significant digits: 0.9712, 1 234, 1.234e−5, NaN, ∞, or a dash.

    Integers up to 15 digits are written in full. The minus is a real minus sign.
    """
    if value is None:
        return MISSING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "\u221e" if value > 0 else f"{MINUS}\u221e"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < LARGEST:
        return _signed(f"{abs(int(value)):,}".replace(",", NARROW_SPACE), value)
    magnitude = abs(value)
    # rounded first: 999.96 is 1 000, with no decimal behind it
    mantissa, exponent = f"{magnitude:.{digits - 1}e}".split("e")
    if magnitude < 1e-4 or magnitude >= LARGEST:
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
        return _signed(text.replace("e-", f"e{MINUS}"), value)
    decimals = max(0, digits - 1 - int(exponent))
    text = f"{magnitude:,.{decimals}f}".replace(",", NARROW_SPACE)
    return _signed(text, value)


def fixed(value: float | None, decimals: int) -> str:
    """A number with that many decimals: columns and intervals align."""
    if value is None or not abs(value) < LARGEST:
        return number(value)
    text = f"{abs(value):,.{decimals}f}".replace(",", NARROW_SPACE)
    # a rounded zero has no sign
    return text if float(text.replace(NARROW_SPACE, "")) == 0 else _signed(text, value)


def decimals_for(spread: float) -> int:
    """Decimals that show two significant digits of `spread` (a standard error, a width)."""
    if not math.isfinite(spread) or spread <= 0:
        return 3
    return int(min(10, max(0, 1 - math.floor(math.log10(spread)))))


def signed(value: float | None, decimals: int) -> str:
    """A difference: always with its sign, unless it is rounded to zero."""
    text = fixed(value, decimals)
    is_above = value is not None and value > 0 and any(c in "123456789∞" for c in text)
    return f"+{text}" if is_above else text


def with_unit(text: str, unit: str) -> str:
    """`97.1 %`, `3.2 s`, or the text alone."""
    return f"{text}{NARROW_SPACE}{unit}" if unit else text


def interval(low: float, high: float, decimals: int) -> str:
    """`96.2 to 97.9`."""
    return f"{fixed(low, decimals)} to {fixed(high, decimals)}"


def p_value(p: float | None) -> str:
    """`p = 0.012`, `p < 0.001`; NaN is said, never compared."""
    if p is None or math.isnan(p):
        return "no p-value"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def file_size(count: int | None) -> str:
    """Bytes in the unit that fits: 812 B, 3.4 MB."""
    if count is None:
        return MISSING
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        text = f"{size:.3g}"
        # 999 600 bytes are 1 MB, not 1e+03 kB
        if float(text) < 1000:
            return f"{text}{NARROW_SPACE}{unit}"
        size /= 1000
    return f"{number(size, 3)}{NARROW_SPACE}TB"


def duration(seconds: float | None) -> str:
    """Seconds in words that fit: 840 ms, 12.3 s, 4 min 5 s, 3 h 12 min, 2 d 4 h."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds <= -0.0005:
        return MINUS + duration(-seconds)
    if (milliseconds := round(min(abs(seconds), 1) * 1000)) < 1000:
        return f"{milliseconds} ms"
    if float(text := f"{seconds:.3g}") < 60:
        return f"{text} s"
    whole = round(seconds)
    for big, small, big_name, small_name in (
        (60, 1, "min", "s"),
        (3600, 60, "h", "min"),
        (86400, 3600, "d", "h"),
    ):
        if whole < big * (60 if big == 60 else 24 if big == 3600 else 10**6):
            rest = whole % big // small
            return f"{whole // big} {big_name}" + (f" {rest} {small_name}" if rest else "")
    return f"{number(whole // 86400)} d"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """`1 run`, `12 runs`, `1 200 runs`."""
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 else text
