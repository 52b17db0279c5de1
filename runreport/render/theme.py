"""Themes: templates, colours, style sheets and scripts; one inherits what it does not bring."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from runreport.errors import Problem, RenderError
from runreport.render import emit

if TYPE_CHECKING:
    from jinja2 import Environment

_COLOR = re.compile(r"#[0-9a-f]{6}")
_LONGEST_CHAIN = 8


@dataclass(frozen=True, eq=False)
class Theme:
    """A loaded theme, its parents merged in."""

    name: str
    font_size: float
    """Points, of text in charts."""
    colors: Mapping[str, str]
    """Token to `#rrggbb` on a light page; every value occurs once."""
    dark: Mapping[str, str]
    assets: Mapping[str, Path]
    """File name to where it is: style sheets and scripts, parents' first."""
    templates: Environment = field(repr=False)

    @property
    def stylesheets(self) -> tuple[str, ...]:
        return tuple(name for name in self.assets if name.endswith(".css"))

    @property
    def scripts(self) -> tuple[str, ...]:
        return tuple(name for name in self.assets if name.endswith(".js"))

    def tokens_css(self) -> str:
        """The colours as custom properties, for light and dark pages and for paper."""
        return (
            "".join(
                f"{selector}{{{_properties(colors)}}}\n"
                for selector, colors in (
                    (":root", self.colors),
                    ('[data-md-color-scheme="slate"]', self.dark),
                )
            )
            + f'@media print{{[data-md-color-scheme="slate"]{{{_properties(self.colors)}}}}}\n'
        )


def load_theme(name: str, base: Path) -> Theme:
    """The theme of that name, or in that folder (relative to the spec's).

    Raises:
        RenderError: RR550 unknown, RR551 unreadable.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    chain = _chain(name, base)
    font_size = 9.0
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    assets: dict[str, Path] = {}
    for folder, settings in reversed(chain):
        font_size = float(settings.get("font_size", font_size))
        light |= settings.get("light", {})
        dark |= settings.get("dark", {})
        for path in sorted((folder / "assets").glob("*")):
            if path.suffix in (".css", ".js"):
                assets[path.name] = path
    _check_colors(name, light)
    return Theme(
        name=chain[0][0].name,
        font_size=font_size,
        colors=MappingProxyType(light),
        dark=MappingProxyType(dark),
        assets=MappingProxyType(assets),
        templates=Environment(
            loader=FileSystemLoader([folder / "templates" for folder, _ in chain]),
            autoescape=True,
            # templates do not change while a report is built; compiled ones are not kept on disk,
            # since what they encode depends on these settings and not on their text alone
            auto_reload=False,
            undefined=StrictUndefined,
            finalize=_encode,
            trim_blocks=True,
            lstrip_blocks=True,
        ),
    )


def theme_places(name: str, base: Path) -> tuple[Path, ...]:
    """Files and folders of a theme that is no part of this program, and where one would be found.

    Raises:
        RenderError: RR550 unknown, RR551 unreadable.
    """
    shipped = _shipped()
    found: list[Path] = []
    wanted: str | None = name
    for folder, settings in _chain(name, base):
        found.append(base / str(wanted) / "theme.toml")
        wanted, base = settings.get("inherits"), folder.parent
        if folder.parent != shipped:
            found += [folder, *(folder / name for name in ("templates", "assets"))]
            found += sorted(folder.rglob("*"))
    return tuple(dict.fromkeys(found))


def _encode(value: Any) -> Any:
    """What a template writes: data through the encoder, markup as it is."""
    return emit.Trusted(emit.html(value)) if type(value) is str else value


def _chain(name: str, base: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The theme's folder and settings, then its parent's, and so on."""
    chain: list[tuple[Path, dict[str, Any]]] = []
    wanted: str | None = name
    while wanted is not None:
        folder = _folder(wanted, base)
        try:
            settings = tomllib.loads((folder / "theme.toml").read_text("utf-8"))
        except (OSError, ValueError) as error:
            message = f"theme {wanted!r} cannot be read: {error}"
            raise RenderError(Problem("RR551", message, place=str(folder))) from None
        chain.append((folder, settings))
        wanted, base = settings.get("inherits"), folder.parent
        if len(chain) > _LONGEST_CHAIN:
            message = f"theme {name!r} inherits from itself"
            raise RenderError(Problem("RR551", message, place=str(folder)))
    return chain


def _folder(name: str, base: Path) -> Path:
    shipped = _shipped()
    for folder in (base / name, shipped / name):
        if (folder / "theme.toml").is_file():
            return folder
    known = sorted(path.parent.name for path in shipped.glob("*/theme.toml"))
    hint = f"themes of this installation: {', '.join(known)}; or name a folder with a theme.toml"
    raise RenderError(Problem("RR550", f"there is no theme {name!r}", hint=hint))


def _shipped() -> Path:
    """Beside the modules in a wheel, beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def _check_colors(name: str, colors: Mapping[str, str]) -> None:
    odd = [token for token, color in colors.items() if not _COLOR.fullmatch(color)]
    if odd or len(set(colors.values())) != len(colors):
        what = f"colours {', '.join(odd)} are not #rrggbb" if odd else "two colours are equal"
        hint = "charts tell tokens apart by their colour, so each must be its own"
        raise RenderError(Problem("RR551", f"theme {name!r}: {what}", hint=hint))


def _properties(colors: Mapping[str, str]) -> str:
    return "".join(f"--rr-{token}:{color};" for token, color in colors.items())
