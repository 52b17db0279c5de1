"""What a spec is put together from: the files it extends, a profile, values of the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runreport.errors import Problem, SpecError
from runreport.spec.marked import Marked, read_file
from runreport.spec.names import suggestion
from runreport.spec.overrides import override
from runreport.spec.resolve import Resolver
from runreport.spec.trees import merge

LONGEST_CHAIN = 20
"""Files that extend each other."""


@dataclass(frozen=True, eq=False)
class Layered:
    """One tree, and where its parts come from."""

    tree: Marked
    bases: Mapping[str, Path]
    """File as named in spans, to the folder its relative paths start from."""
    files: tuple[Path, ...]
    """Every file read, the spec first."""
    problems: tuple[Problem, ...]


def read_layers(
    path: Path, environ: Mapping[str, str], profile: str | None, sets: Sequence[str]
) -> Layered:
    """The tree of a spec with everything it extends, its profile and `--set` values.

    Raises:
        SpecError: the spec itself cannot be read.
    """
    problems: list[Problem] = []
    chain: list[tuple[Path, str, Marked]] = []
    place, name = path, str(path)
    asked: Marked | None = None
    while True:
        try:
            tree = read_file(place, name, problems)
        except SpecError as error:
            if asked is None:
                raise SpecError([*problems, *error.problems]) from None
            problems += [replace(p, span=p.span or asked.span, place=None) for p in error.problems]
            break
        chain.append((place, name, tree))
        following = _extended(tree, environ, problems)
        if following is None:
            break
        asked, text = following
        place = place.parent / text
        name = os.path.normpath(os.path.join(os.path.dirname(name), text))
        if why := _refused(place, [file for file, _, _ in chain], text):
            problems.append(Problem("RR111", why[0], asked.span, why[1]))
            break
    merged = chain[-1][2]
    for _, _, tree in reversed(chain[:-1]):
        merged = merge(merged, tree)
    bases = {name: file.parent for file, name, _ in chain}
    if merged.mapping is not None:
        merged = _with_profile(merged, profile, problems)
        for item in sets:
            merged = override(merged, item, problems)
            bases[f"--set {item}"] = path.parent
    return Layered(merged, bases, tuple(file for file, _, _ in chain), tuple(problems))


def _extended(
    tree: Marked, environ: Mapping[str, str], problems: list[Problem]
) -> tuple[Marked, str] | None:
    """The value of `extends` and the path it names."""
    node = (tree.mapping or {}).get("extends")
    if node is None or node.value is None:
        return None
    resolver = Resolver({}, environ)
    filled = resolver.plain(node)
    problems += resolver.problems
    if resolver.problems:
        return None
    if not isinstance(filled.value, str) or not filled.value:
        message = "expected the path of one YAML file after `extends`"
        problems.append(Problem("RR109", message, node.span, "as in extends: ../house.yaml"))
        return None
    return node, filled.value


def _refused(place: Path, chain: Sequence[Path], text: str) -> tuple[str, str | None] | None:
    """Why a file cannot be extended."""
    if "://" in text:
        return f"'{text}' is no local file", "copy the file beside the spec and name the copy"
    try:
        resolved = place.resolve()
        if resolved in [file.resolve() for file in chain]:
            names = " -> ".join(file.name for file in [*chain, place])
            return f"files extend each other in a circle: {names}", "take one `extends` out"
        if resolved.exists() and not resolved.is_file():
            return f"'{text}' is no file", "name a YAML file"
    except (OSError, RuntimeError, ValueError):
        return f"'{text[:80]}' is no path of a file", "name a YAML file"
    if len(chain) >= LONGEST_CHAIN:
        return f"more than {LONGEST_CHAIN} files extend each other", "put their contents together"
    return None


def _with_profile(tree: Marked, profile: str | None, problems: list[Problem]) -> Marked:
    """The tree with the chosen profile merged over it."""
    if profile is None or tree.mapping is None:
        return tree
    node = tree.mapping.get("profiles")
    profiles = node.mapping if node is not None and node.mapping is not None else {}
    chosen = profiles.get(profile)
    if chosen is None:
        hint = suggestion(profile, profiles) if profiles else "the spec has no `profiles`"
        span = tree.keys.get("profiles", tree.span)
        problems.append(Problem("RR118", f"unknown profile '{profile}'", span, hint))
        return tree
    return merge(tree, chosen) if chosen.mapping is not None else tree
