"""RR1xx: the text of the spec."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    "RR101": Explanation(
        "a file that cannot be read",
        "The file is missing, belongs to someone else, is larger than a spec may be, or holds "
        "bytes that are no text. Specs are UTF-8; control characters, and the line separators "
        "that other tools do not show, are refused because they would stand invisibly in names. "
        "Save the file as UTF-8, or delete the character the message points to.",
    ),
    "RR102": Explanation(
        "an unknown key",
        "Every key of a spec is known by name, so that a misspelt one is never passed over in "
        "silence. The hint names the nearest key that is allowed at this place; `runreport "
        "schema` lists them all, and an editor that reads the schema completes them. Keys of "
        "your own are possible under `vars`, `metrics` and `profiles` only.",
    ),
    "RR103": Explanation(
        "the text is no YAML",
        "The parser stopped at the place shown, often because of a tab, a missing space behind a "
        "colon, or a text with `: ` or `#` that needs quotes. Refused too is what older YAML "
        "parsers read otherwise than YAML 1.2 says: a comment glued to a value, a tab that begins "
        "a line, a `?` or a lone `-` as a text.",
    ),
    "RR104": Explanation(
        "a key is there twice",
        "A mapping holds each key once. Most parsers silently keep the last one, so half of what "
        "was written would have no effect. Delete one of the two, or rename it.",
    ),
    "RR105": Explanation(
        "YAML that a spec does not use",
        "Specs are plain: one document, names as keys, no tags (`!!python/...`, `!include`), no "
        "merge keys `<<`, which YAML 1.2 dropped. Anchors and aliases work. Shared parts go into "
        "a file of their own that `extends` names.",
    ),
    "RR106": Explanation(
        "too deep or too many values",
        "Aliases let a few lines stand for billions of values. A spec may nest 50 levels and hold "
        "50,000 values once every alias is written out, and no anchor may contain itself. Real "
        "specs stay far below; write the part out, or split it with `extends`.",
    ),
    "RR107": Explanation(
        "a number that cannot be meant",
        "A number without quotes has more digits, or is larger, than any setting of a report. If "
        "it is an identifier, put it in quotes and it is text.",
    ),
    "RR108": Explanation(
        "something is missing",
        "A part of the spec cannot be used without the value the message names: a spec needs at "
        "least one source, a page its title and sections, a section the options without a "
        "default.",
    ),
    "RR109": Explanation(
        "a value of another type",
        "The message says what was expected and what stands there. Texts that look like numbers "
        "or like true and false need quotes; numbers need none. A list is written [a, b] or one "
        "entry per line with `- `; a mapping is {key: value} or one key per line.",
    ),
    "RR110": Explanation(
        "a value that is no choice",
        "This option takes one of a few words, which the message lists. Spelling and lower case "
        "count.",
    ),
    "RR111": Explanation(
        "a file that cannot be extended",
        "`extends` names one local YAML file, relative to the file that names it. Chains are "
        "fine up to twenty files; a circle is not, and neither is an address on the network: a "
        "report must be built from files that are there.",
    ),
    "RR112": Explanation(
        "a variable without quotes inside braces",
        "In `{x: ${store}}` YAML reads the first `}` as the end of the mapping. Put the value in "
        'quotes, `{x: "${store}"}`, or write the mapping on lines of its own, where no quotes '
        "are needed.",
    ),
    "RR113": Explanation(
        "a value of the command line that fits nowhere",
        "`--set path.to.key=value` replaces one value of the spec. The path is the keys from "
        "the top, joined by dots, with numbers from 0 for places in lists: `--set "
        "pages.0.title=Overview`. The name of a variable alone is short for `vars.NAME`. What "
        "does not exist is refused, since a misspelt path would change nothing.",
    ),
    "RR114": Explanation(
        "a variable that cannot be filled in",
        "`${name}` stands for a value under `vars`, `${env:NAME:-default}` for one of the "
        "environment, and in titles and text sections `${run.name}` or `${group.label}` for "
        "what the page is about. A dollar that is only a dollar is written `$$`. A list or a "
        "mapping can be the whole value of a key but not a part of a text.",
    ),
    "RR115": Explanation(
        "a placeholder where no page is written",
        "`${run.*}`, `${group.*}` and `${verdict.*}` are known when a page is written, so they "
        "stand in page titles, section titles and text sections only, and those of a run or "
        "group only on a page with `foreach: run` or `foreach: group`. In filters and columns "
        "use the plain name: `params.optimizer`.",
    ),
    "RR116": Explanation(
        "no length of time and no date",
        "Expected is a length such as `30d`, `12h`, `90m`, `2w`, counted back from the report's "
        "time, or a date such as `2026-01-31` or `2026-01-31T09:00`; times without a zone are "
        "UTC. The attributes `started` and `ended` compare with such texts, in quotes.",
    ),
    "RR117": Explanation(
        "variables that never end",
        "Values of `vars` may use other variables, but not in a circle, not in chains of more "
        "than twenty, and not so often that the filled-in spec grows without measure.",
    ),
    "RR118": Explanation(
        "an unknown profile",
        "`--profile NAME` merges the mapping under `profiles: NAME` over the rest of the spec: "
        "mappings key by key, lists and single values replaced.",
    ),
    "RR119": Explanation(
        "a variable the environment lacks",
        "`${env:NAME}` is taken from the environment of the command. Set it there, or give a "
        "value to fall back to: `${env:NAME:-default}`, which also stands in when the variable "
        "is empty.",
    ),
    "RR120": Explanation(
        "no expression",
        "Expressions follow Python's grammar: comparisons with `==`, conditions joined by `and`, "
        "`or`, `not`, texts in quotes. Names that are no identifiers, or that are words of the "
        'language such as `lambda`, are written params["lambda"], metrics["val/f1"], '
        'tags["mlflow.user"]. An expression has at most 2,000 characters and nests 40 levels.',
    ),
    "RR121": Explanation(
        "outside the expression language",
        "The language compares runs and nothing else. It has numbers, texts, true, false, names, "
        "lists right of `in`, `and or not`, `== != < <= > >=`, `+ - * /`, and the calls "
        'matches(x, "regex"), contains(x, "text"), has(x), since("7d"), last, first, min, '
        "max, mean and count of a metric, at(min(m)).other, at_step(m, 1000), "
        "step_above(m, 0.9), step_below(m, 0.1), last_step(m), baseline(m). A "
        "missing value satisfies no comparison, not even `!=`; ask with has(x).",
    ),
    "RR122": Explanation(
        "a call that is not understood",
        "The function does not exist, or its arguments are not what it takes; the message shows "
        "the form. Reductions take one metric by name: max(val_accuracy), "
        'max(metrics["val/f1"]). Behind at(...) a dot and the metric to read there: '
        "at(min(val_loss)).val_accuracy.",
    ),
    "RR123": Explanation(
        "a pattern that cannot be used",
        "Patterns are RE2's regular expressions, which take time in proportion to the text: no "
        "look-ahead, no references to groups. They match anywhere in the text; anchor them with "
        "`^` and `$`. In YAML, single quotes around the expression keep its backslashes.",
    ),
    "RR124": Explanation(
        "no condition",
        "A filter or a baseline must hold for a run or not: a comparison, a param that is true or "
        "false, has(x), contains(...), or several joined by `and` and `or`. A number alone, such "
        "as max(val_accuracy), is none; compare it with something.",
    ),
    "RR125": Explanation(
        "a heading that is not understood",
        "Behind `as` stands the heading of a column: one word, or several in quotes, as in "
        '`max(val_accuracy) as "Best accuracy"`. It ends the expression.',
    ),
    "RR130": Explanation(
        "a margin that is none",
        "A margin is the smallest difference that matters: a number above zero in the metric's "
        "displayed unit (after `scale`), or a percentage of the baseline's value such as 5%.",
    ),
    "RR131": Explanation(
        "groups by something unclear",
        "`groups.by` takes either `all_but(seed)`, the params that do not separate groups, or a "
        "list of columns that do, such as [params.optimizer, params.learning_rate]. A single "
        "name could mean either, so it is refused.",
    ),
    "RR132": Explanation(
        "an unknown section",
        "The entries of `sections` name kinds of sections. The hint names the nearest one; "
        "`runreport schema` describes them all with their options.",
    ),
    "RR133": Explanation(
        "an unknown source",
        "An entry of `sources` starts with the name of a kind of source and its location: "
        "{mlflow: mlruns}. The hint names the nearest kind that this version reads.",
    ),
    "RR134": Explanation(
        "two things in one entry",
        "One entry of `sections` is one section and one entry of `sources` is one source. Start "
        "each with its own dash; options of a section are indented below its name.",
    ),
    "RR135": Explanation(
        "a gate that asks nothing, or two things",
        "A gate is about one thing, which one of its keys says: metric, segments, cost, lineage or "
        "warnings. Beside it stand the condition (`require`, `min`, `max_drop`, `no_worse_than`, "
        "...) and the keys that go with it. A gate without a condition would always pass and one "
        "whose keys contradict each other never, so both are refused.",
    ),
    "RR136": Explanation(
        "a gate that lacks what it is held against",
        "A gate that compares needs an opponent: `groups: {baseline: ...}`, or `against` with a "
        "condition that one group fulfils. `require: equivalent` needs a margin, at the gate or "
        "at its metric, since no data show that two things are exactly equal.",
    ),
    "RR137": Explanation(
        "a context without a family",
        "`context` says what the part under the `*` of a family is: `val/f1/*: {context: "
        "class}` declares every logged metric of that form and labels each with its class. A "
        "metric without a `*` has no such part.",
    ),
    "RR138": Explanation(
        "a statistic that lacks what it needs",
        "`statistic: auc` and `statistic: f1` make one number of the scores of all test items. "
        "They need to know what each item is, `truth: params.label` (1 for the positive kind, 0 "
        "for the other), and that the rows are items: `groups: {items: item_id}`.",
    ),
    "RR139": Explanation(
        "keys of a design that do not go together",
        "A design has one unit of replication: a run, a fold, a test item or a data set. `items` "
        "stands for `replicates` and `pair_by` and does not go with `across`; `cluster` needs "
        "`items`; `repeat` needs folds, or items with their `cluster`; `test_fraction` needs the "
        "folds or splits of one data set. A key without its unit would be ignored or change what "
        "is counted, so it is refused. A column by which `by` separates groups and that is also "
        "declared to differ inside of them leaves each group one value: only a warning.",
    ),
}
