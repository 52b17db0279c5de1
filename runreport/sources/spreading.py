"""Work spread over processes, or over an executor of the user's."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

from runreport.beside import beside

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def spread(
    work: Callable[[ItemT], ResultT], items: Sequence[ItemT], executor: Executor | None = None
) -> list[ResultT]:
    """Results of work on each item, in order, each item in a process of its own.

    A process that is lost has its work done here.
    """
    if executor is not None:
        return list(executor.map(work, items))
    with ExitStack() as stack:
        others = [stack.enter_context(beside(partial(work, item))) for item in items[1:]]
        first = [work(item) for item in items[:1]]
        return [*first, *(other() for other in others)]


def shares(sizes: Sequence[int], count: int) -> list[list[int]]:
    """Indices dealt out so that each share has about as many bytes; each share is in order."""
    shares: list[list[int]] = [[] for _ in range(count)]
    total, bounds = 0, max(1, sum(sizes))
    for index, size in enumerate(sizes):
        shares[min(count - 1, total * count // bounds)].append(index)
        total += size
    return shares


def processes() -> int:
    """How many processes share the work here."""
    return max(1, min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1))
