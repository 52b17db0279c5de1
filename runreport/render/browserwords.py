"""Words in scripts that keep their names when a script is shortened: those of the language, of the
browser and of the data in pages. A browser test checks that no word of the browser is missing.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGE = _words("""
as async await break case catch class const continue default delete do else export extends false
finally for from function get if import in instanceof let new null of return set static super
switch this throw true try typeof undefined var void while with yield addEventListener Array Blob
Boolean clearTimeout cancelAnimationFrame console decodeURIComponent  DOMPoint
encodeURIComponent Error Float64Array getComputedStyle history Image Infinity innerHeight
innerWidth Intl isNaN JSON location Map  NaN navigator   parseFloat parseInt
Promise RegExp removeEventListener requestAnimationFrame Set setTimeout start String Symbol
Uint8Array URL WeakMap window XMLSerializer
""")
"""Of the language and of the browser, standing alone; and what runs at the end."""

DATA = _words("""
ArrowDown ArrowLeft ArrowRight ArrowUp capture clipboard CSV lastIndex LaTeX Markdown PageDown PageUp
passive preventScroll readonly writeText
bottom columns expression f high i label lanes left level log low missing n o rest runs ticks top u
v w words x
""")
"""Keys of the data in pages, names of keys, options and attributes."""

BROWSER = _words("""
abs add addEventListener after altKey anchor append assign at attributes autocomplete axes b
baseVal before body bottom button buttons ceil cells checked childNodes children classList clear
click clientWidth clientX clientY cloneNode closest Collator colSpan columns compare contains
createElement createElementNS createObjectURL ctrlKey d dataset delete detail direction display
documentElement download drawImage element entry every exec execCommand exp f family fill filter
find findIndex fixed flatMap floor focus for forEach frame from fromCharCode get getAttribute
getBBox getBoundingClientRect getContext getElementById getPropertyValue getScreenCTM getSelection
group has hasAttribute hash head height hidden high hint href hypot id includes index indexOf
innerHeight input inverse isArray isCollapsed isFinite join key keys kind label lastIndexOf left
length localName log log10 log1p low map mark match matches matrixTransform max metaKey min name
number numeric onload only open opened order ownerSVGElement page parentElement parentNode parse
PI placeholder pointerId pointerType points pow prepend preserveAspectRatio preventDefault push
querySelector querySelectorAll r read reduce region remove removeAttribute replace replaceChildren
reset revokeObjectURL role round rows scope search select serializeToString set setAttribute
setPointerCapture shiftKey sign size slice some sort spellcheck splice split sqrt src start
startsWith state stop stopPropagation stringify style tabIndex target tBodies test text
textContent tHead title to toBlob toExponential toggle toLowerCase top toPrecision trim type value
values viewBox w width window x x1 x2 y y1 y2
""")
"""Properties of the browser that the scripts use, or that properties of theirs are called like."""
