"""RR37x to RR39x: stores of trackers, several sources together, what is kept between builds."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    "RR370": Explanation(
        "nothing of this kind at the location",
        "The path that the spec names is not there, or nothing below it is what this source reads. "
        "Relative paths start at the folder of the spec. `runreport list PATH` says what is "
        "recognised at a place, and why other files are not.",
    ),
    "RR371": Explanation(
        "a file of a store cannot be read",
        "The system refused to open it, it is no regular file, it is larger than what is read of "
        "its kind, or its content is not what this tracker writes. The runs in it are missing from "
        "the report; all others are read.",
    ),
    "RR372": Explanation(
        "a file that ends within a record",
        "A crash, a full disk or a copy made while the tracker was writing cut the file off. "
        "Everything before the place named is read; what came after it was never complete.",
    ),
    "RR373": Explanation(
        "a damaged part of a file was skipped",
        "A checksum or a length did not fit the bytes that follow, so they are not trusted. The "
        "message says where and how much was lost; the rest of the file is read. Copy the file "
        "again from where it was written.",
    ),
    "RR374": Explanation(
        "more was logged than is read",
        "Readers stop at stated limits, so that one run cannot exhaust a build. The message says "
        "how much is shown of how much there is. Name a narrower location, or log less.",
    ),
    "RR375": Explanation(
        "a value that was not read",
        "The value has a type that is neither a number, nor text, nor a list or object of them, or "
        "does not fit the metric it was logged for. It counts as missing; the others are read.",
    ),
    "RR376": Explanation(
        "a name that occurs twice",
        "Two runs, or two values of one run, have the same name once unprintable characters are "
        "replaced, and neither is more right than the other. The first one is shown.",
    ),
    "RR377": Explanation(
        "an optional package is needed",
        "This source is read through its own package, which is not installed with runreport. "
        "Install the extra that the hint names, or export the runs to files and read those.",
    ),
    "RR378": Explanation(
        "a pickle, which is never loaded",
        "Loading a pickle runs whatever code it holds. What is only stored in one, such as the "
        "arguments of a trainer, is missing from the report; log it as JSON or YAML.",
    ),
    "RR379": Explanation(
        "how a store was understood",
        "Where a format leaves something open, such as which folder is a run or which of several "
        "values is the last, it was decided by the rule that the message names.",
    ),
    "RR380": Explanation(
        "a name that is not renamed or scaled",
        "`rename` and `scale` of a source name metrics and params as that source logs them "
        "(`scale`: after renaming). No run of it has this name, or it has another one of the new "
        "name, which would be mixed with it.",
    ),
    "RR381": Explanation(
        "runs that are not, or not quite, the same",
        "`join: {on: ...}` of a source says what its runs logged that names a run of the sources "
        "above: its id there, or what `to:` reads of it. A run that matches none stays a run "
        "of its own, one that matches several is not joined, and where both trackers logged "
        "different values under one name, the source that is listed first is believed.",
    ),
    "RR385": Explanation(
        "what an earlier build kept is damaged",
        "`.runreport/` keeps what was read, so that the next build reads only what changed. A file "
        "in it is damaged or missing, so the source is read again. Nothing of the report depends "
        "on it; `runreport cache --clear` removes it.",
    ),
    "RR386": Explanation(
        "nothing is kept for the next build",
        "The folder `.runreport` beside the spec cannot be written, so every build reads all "
        "sources again. The report is the same; only the time differs.",
    ),
}
