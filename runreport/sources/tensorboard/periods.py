"""Whether records follow each other again and again, as a training loop writes them."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 256
"""Records of one round."""
_LEAST = 8
_MOST = 2 * LONGEST
_ROUNDS, _FEW_ROUNDS = 16, 6
_HEADER, _FRAME = 12, 16


def period(
    data: bytes, records: Sequence[tuple[int, int]], many: bool = True
) -> tuple[int, int] | None:
    """From which of the records on they repeat, and after how many; None where they do not.

    Args:
        data: where the records lie.
        records: offset and length of each.
        many: whether so much lies together that it may be read in other ways as well.

    A guess from what surrounds the numbers; whoever uses it compares everything.
    """
    if len(records) < 2 * _LEAST:
        return None
    # the last ones tell; more of them would only take time
    skipped = max(0, len(records) - _MOST)
    signed = records[skipped:]
    # after the time and the longest step, before the last number
    whole = [(n, data[at + 27 : at + 7 + n]) for at, n in signed]
    found = _repeats(whole)
    if found is None:
        # or the name alone, where several numbers lie in a record, or something after the number
        found = _repeats([(n, _name(data[at + _HEADER : at + _HEADER + n])) for at, n in signed])
    if found is None:
        return None
    first, size = found[0] + skipped, found[1]
    start = signed[found[0]][0]
    head = data[start : start + _HEADER]
    last = signed[found[0] + size - 1]
    round_size = last[0] + last[1] + _FRAME - start
    # a few rounds are not worth it, the less the longer they are
    least = max(_ROUNDS if many else _FEW_ROUNDS, size // 2)
    if not all(data.startswith(head, start + n * round_size) for n in range(least)):
        return None
    return first, size


def _repeats(signs: Sequence[object]) -> tuple[int, int] | None:
    last = len(signs) - 1
    best: tuple[int, int] | None = None
    for size in range(1, min(LONGEST, len(signs) // 2) + 1):
        if signs[last - size] != signs[last]:
            continue
        at = last
        while at >= size and signs[at - size] == signs[at]:
            at -= 1
        first = at - size + 1
        if last - at >= max(size, _LEAST) and (best is None or first < best[0]):
            best = (max(first, 0), size)
            if first <= 0:
                break
    return best


def _name(payload: bytes) -> bytes:
    """The first name in an event that begins with its time; what stands there in any other."""
    place = 9
    try:
        if payload[place] == 0x10:
            place = _after(payload, place)
        # the summary, its first value, the name
        for _ in range(2):
            place = _after(payload, place)
        end = _after(payload, place)
        return payload[end : end + payload[place + 1]]
    except IndexError:
        return payload[9:30]


def _after(payload: bytes, place: int) -> int:
    """Where the number ends that follows a key."""
    place += 1
    while payload[place] & 0x80:
        place += 1
    return place + 1
