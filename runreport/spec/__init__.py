"""Reading the spec: text with positions, one expression language, the model, the loader.

Text with positions: `lines` knows places, `scalars` what unquoted words stand for, `strict` what
YAML 1.2 forbids; `marked` reads a file into a tree whose every part knows where it stands.

The expression language, in the order an expression passes through it: `grammar` turns text into
`nodes` (`patterns` for regular expressions), `meaning` matches its `names` with what the stores
hold, `evaluate` answers for one run (`points` for what a history comes to). `expressions` is its
face.

The spec itself: `layers`, `overrides` and `resolve` make one tree of all files, profiles and
variables; `shape`, `parts` and `pages` turn it into the frozen values of `model`; `load` is the
way through all of it, `check` the second pass against the stores, `schema` the same for editors.
"""
