"""RR6xx: publishing."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    "RR601": Explanation(
        "the output folder is not ours",
        "A build replaces its output folder as a whole. It refuses to replace a folder that it did "
        "not write, unless `--force` says so.",
    ),
    "RR602": Explanation(
        "the site cannot be written",
        "The disk is full, the folder is read-only, or it belongs to someone else. The site that "
        "was published before is untouched.",
    ),
    "RR604": Explanation(
        "a file cannot be written",
        "The file that the command line names, such as that of `--json` or `--junit`, cannot be "
        "written: its folder is missing or read-only, or the disk is full.",
    ),
    "RR610": Explanation(
        "another build is at work",
        "Two builds into one folder would mix. The lock is released when the other process ends, "
        "however it ends; the lock file itself stays and means nothing.",
    ),
    "RR650": Explanation(
        "an unsafe page",
        "Before publishing, every page is parsed as a browser would parse it. This one holds an "
        "element, attribute, script or address that runreport never writes, so something in the "
        "data or in a theme got where it must not be. Nothing was published.",
    ),
    "RR651": Explanation(
        "a secret would be published",
        "A page holds what looks like a password, a token or a private key. Values from runs are "
        "replaced while they are read, so this one stands in the spec, in a title or in a file "
        "name. If it is no secret, name its param or tag under `allow_secrets`.",
    ),
}
