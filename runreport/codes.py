"""What each code means, at length: `runreport explain RR102` prints it.

RR1xx text of the spec | RR2xx names that do not exist | RR3xx a source | RR4xx data unfit for the
question | RR5xx rendering | RR6xx publishing | RR9xx a bug of ours
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """The long form of a code."""

    title: str
    """One line, lower case."""
    text: str
    """Why it happens and what to do, in plain text paragraphs."""


CODES: dict[str, Explanation] = {
    # --- RR1xx: text of the spec ------------------------------------------------------------
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
        "max, mean and count of a metric, at(min(m)).other, at_step(m, 1000), baseline(m). A "
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
        "gates are not evaluated",
        "The form of `gates` is checked and kept, but this version does not evaluate them: the "
        "report is built and the command succeeds whatever they say. Do not rely on them to "
        "stop a promotion.",
    ),
    "RR137": Explanation(
        "a context without a family",
        "`context` says what the part under the `*` of a family is: `val/f1/*: {context: "
        "class}` declares every logged metric of that form and labels each with its class. A "
        "metric without a `*` has no such part.",
    ),
    # --- RR2xx: names that do not exist -----------------------------------------------------
    "RR200": Explanation(
        "an unknown name",
        "Names of an expression are looked up among the attributes of a run (id, name, status, "
        "experiment, user, started, ended, duration, source, parent), the params and metrics that "
        "any run of the sources has, and the metrics the spec declares; tags only behind `tags.`. "
        '`runreport list` shows what there is. A text such as "adam" needs quotes.',
    ),
    "RR201": Explanation(
        "a name that may mean several things",
        "A param and a metric, or an attribute and a param, are called the same, and a report "
        "must not guess. Write the qualified form that the hint lists: run.name, params.lr, "
        "metrics.lr.",
    ),
    "RR202": Explanation(
        "a name that is read as arithmetic",
        "Without quotes `val/f1` is the quotient of `val` and `f1`, and `learning-rate` a "
        'difference. Write metrics["val/f1"] or params["learning-rate"]. Dividing and '
        "subtracting names that do exist stays possible.",
    ),
    "RR203": Explanation(
        "a metric without points of its own",
        "The metric is declared by an expression over other metrics, so it is one number per run, "
        "and there is nothing to take the minimum or the mean of. Write its name alone, or reduce "
        "one of the logged metrics it is made of.",
    ),
    "RR204": Explanation(
        "no metric where one is needed",
        "last, first, min, max, mean, count, at, at_step and baseline read the history of one "
        "metric. The name stands for a param or an attribute, or there is an expression in its "
        "place. Reduce first and calculate then: max(a) - max(b).",
    ),
    "RR210": Explanation(
        "the baseline is not one group",
        "Differences are taken from one group, so `groups.baseline` must hold for every run of "
        "exactly one group and for none or only some runs of the others. The message lists the "
        "groups it selects. Narrow the condition, or group by fewer columns (`by`), so that the "
        "runs you mean form one group.",
    ),
    "RR211": Explanation(
        "a metric that no run logged",
        "An option names a metric that is neither declared under `metrics` nor logged by any "
        "run of the sources. A chart of it would be empty, so the name is taken for a mistake. "
        "`runreport list` shows what was logged.",
    ),
    "RR212": Explanation(
        "a param that no run has",
        "The spec names a param that no run of the sources has, so nothing would be grouped or "
        "left out by it. `runreport list` shows the params there are.",
    ),
    "RR213": Explanation(
        "a declared metric that no run logged",
        "A key under `metrics` is the name a run logged it by, unless `value` says how it is "
        "computed. No run of the sources logged this one. When no run logged any metric at all "
        "it is a warning, since then the name is not in doubt.",
    ),
    "RR214": Explanation(
        "no run is selected",
        "`where` and `since` leave out every run that was read, so the report would compare "
        "nothing. It is built all the same and says so.",
    ),
    "RR215": Explanation(
        "the baseline is asked for before there are groups",
        "`baseline(m)` is the mean of the baseline's group. Runs are selected, sorted and grouped "
        "before groups exist, so `where`, `sort`, `by`, `replicates`, `pair_by` and `baseline` "
        "cannot use it. Columns of tables and axes of charts can.",
    ),
    # --- RR3xx: a source --------------------------------------------------------------------
    "RR300": Explanation(
        "nothing is where a source should be",
        "The file or folder that the spec names does not exist. Relative paths start at the folder "
        "of the spec that names them; `sqlite:///name` is relative, `sqlite:////name` is absolute.",
    ),
    "RR301": Explanation(
        "a store cannot be read",
        "The file is no SQLite database, is damaged, or may not be opened. Databases are opened "
        "read-only and never copied as plain files, since that loses what a writer has not "
        "checkpointed. Restore a backup, or make a copy with `sqlite3 DB '.backup COPY'`.",
    ),
    "RR302": Explanation(
        "a database is locked",
        "Another program held a write lock for longer than a build waits. Build again when it is "
        "done, or read a copy made with `sqlite3 DB '.backup COPY'`.",
    ),
    "RR303": Explanation(
        "a database is not MLflow's",
        "It lacks tables or columns that every version of MLflow has written. It may belong to "
        "another program, or be empty because MLflow was given another path.",
    ),
    "RR304": Explanation(
        "a folder is no MLflow file store",
        "A file store (`mlruns`) holds one folder per experiment, each with a `meta.yaml`. Name "
        "the folder that holds the experiments, not one of them and not the project around it.",
    ),
    "RR305": Explanation(
        "an experiment is not in the store",
        "`experiments` takes names, ids or patterns of experiments that are not deleted; this "
        "entry matches none of them.",
    ),
    "RR306": Explanation(
        "a run cannot be read",
        "Part of the store is not what MLflow writes: a run without a readable `meta.yaml`, "
        "without an id, or outside every experiment. What can be read is shown; other runs are "
        "not touched by it.",
    ),
    "RR307": Explanation(
        "more was logged than is read",
        "Readers stop at stated limits, so that one run cannot exhaust a build: 2,000 params, "
        "2,000 tags, 5,000 metrics and 1,000 artifacts of a run, 20,000 characters of a value. "
        "The message says how much is shown.",
    ),
    "RR308": Explanation(
        "values that are none",
        "Rows or lines of this run hold something other than MLflow writes there, for instance "
        "text where a number belongs. They were left out; the place names them.",
    ),
    "RR309": Explanation(
        "artifacts were not found",
        "Artifacts are read from folders below the store's own folder, or below the folder that "
        "`artifact_root` names, and only from a folder that carries the run's id. Addresses in a "
        "store are not trusted further. These runs logged none, or theirs lie elsewhere.",
    ),
    "RR310": Explanation(
        "artifacts were left out",
        "Links, devices and files that may not be read are not opened, since a link may lead "
        "anywhere on the machine. Replace the link by the file.",
    ),
    "RR311": Explanation(
        "artifacts without a digest",
        "Artifacts above 16 MB, or above 64 MB of one run or 1 GB of a store together, are listed "
        "with their size and not read.",
    ),
    "RR312": Explanation(
        "a clock was wrong",
        "A run's start or end lies outside the years 1970 to 2200, or it ends before it starts. "
        "Times that cannot be are left empty, and durations from them are unknown.",
    ),
    "RR313": Explanation(
        "a location that is not read",
        "MLflow stores are read as SQLite files, as folders and from tracking servers. For a "
        "store in another database start `mlflow server` beside it and name its http address.",
    ),
    "RR314": Explanation(
        "reading took too long",
        "Reading the tables of one source ends after two minutes. Name the experiments that the "
        "report is about, or read from a faster disk.",
    ),
    "RR320": Explanation(
        "an address of a server that cannot be used",
        "The address of a tracking server is written `http://host:5000` or `https://host/path`, "
        "without a user name, a password, a query or a fragment. Credentials come from the "
        "environment alone, so that they never stand in a spec, a log or a page.",
    ),
    "RR321": Explanation(
        "credentials or certificates that cannot be used",
        "A token from the environment holds characters that no header may hold, for instance the "
        "end of a line, or a file of certificates that the environment names cannot be read.",
    ),
    "RR322": Explanation(
        "no connection to the server",
        "Nothing listens at the address, its name is unknown, or the network does not lead there. "
        "Start the server or correct the address; no proxy is used.",
    ),
    "RR323": Explanation(
        "no secure connection to the server",
        "The server's certificate was not accepted or it does not speak TLS. For an authority of "
        "your own, name its certificate in MLFLOW_TRACKING_SERVER_CERT_PATH.",
    ),
    "RR324": Explanation(
        "the server does not answer in time",
        "No byte came for ten seconds, or one answer took more than thirty, twice in a row. "
        "MLFLOW_HTTP_REQUEST_TIMEOUT is the number of seconds to wait between two bytes.",
    ),
    "RR325": Explanation(
        "reading a server takes too long",
        "All requests to one source share one deadline, so that a slow server cannot hold up a "
        "build for ever. Allow more with `deadline: SECONDS` beside the source's address, name the "
        "experiments to read, ask for fewer curves, or read the database behind the server: "
        "MLflow's server takes long for every single curve.",
    ),
    "RR326": Explanation(
        "the server refuses access",
        "It answered 401 or 403. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
        "MLFLOW_TRACKING_TOKEN; the hint says which of them were sent. They must give the right "
        "to read the experiments that are named.",
    ),
    "RR327": Explanation(
        "the server does not know the page",
        "It answered 404 where MLflow's interface should be: it is another kind of server, or "
        "MLflow lies below a path that the address leaves out, as in `https://host/mlflow`.",
    ),
    "RR328": Explanation(
        "the server keeps failing",
        "It answered with a failure of its own (HTTP 5xx), or asked to be asked less often (429), "
        "each time it was asked again. Nothing of what it did answer is used. Its log may say why.",
    ),
    "RR329": Explanation(
        "the server redirects elsewhere",
        "Redirects are followed within the same scheme, host and port alone, and a few times at "
        "most, since credentials go to no other server. Write the address where the server really "
        "is; a redirect to a login page means that credentials are missing.",
    ),
    "RR330": Explanation(
        "an answer that is no JSON",
        "A web page came instead, an answer was packed unasked, or its bytes are no JSON at all. "
        "Often a proxy or a login page stands before the tracking server, or the address is that "
        "of another server.",
    ),
    "RR331": Explanation(
        "an answer that is too large",
        "Answers are read up to 24 million bytes and two million values, so that no server can "
        "fill the memory. Pages are made smaller first; a single run or curve of this size can "
        "only be read from the database behind the server.",
    ),
    "RR332": Explanation(
        "an answer that is cut off",
        "The connection was closed before the whole answer had come, four times in a row. The "
        "server, or a proxy before it, gives up too early; a part of an answer is never used.",
    ),
    "RR333": Explanation(
        "an answer of another shape",
        "The server's JSON is not what MLflow's interface promises: a list is missing, or a field "
        "has another type. It is another kind of server, or a version that this reader does not "
        "know.",
    ),
    "RR334": Explanation(
        "pages without an end",
        "Long answers come in pages, each naming the next. This server names a page again that "
        "was already read, or sends empty pages only, so reading would never end.",
    ),
    "RR335": Explanation(
        "something of a run cannot be read",
        "One item of a run, or a whole run, came from the server in a form that MLflow does not "
        "write. It was left out and is named here; everything else of the run is in the report.",
    ),
    "RR336": Explanation(
        "artifacts cannot be listed",
        "The tracking server did not list the artifacts of a run, often because it cannot reach "
        "the place where they are stored. The report names no files for it; all else is complete.",
    ),
    "RR337": Explanation(
        "the model registry cannot be read",
        "The server refused to list registered models or models of runs, so their versions and "
        "aliases are missing from the lineage. The account may lack the right to read them.",
    ),
    "RR339": Explanation(
        "the server rejects a request",
        "It understood the request and answered with a status other than 200, for instance since "
        "its version lacks a part of MLflow's interface. The message quotes what it said.",
    ),
    "RR340": Explanation(
        "nothing at this location",
        "`files` names a file, a folder or a pattern, relative to the file that names it. Nothing "
        "is there, or a folder on the way cannot be entered. Check the spelling, and whether the "
        "results were written where the spec expects them.",
    ),
    "RR341": Explanation(
        "no file that can be read here",
        "Plain files are told by their ending: .csv, .tsv, .json, .jsonl, .ndjson, .yaml, .yml, "
        ".parquet. The location holds none, or the pattern matches none. `*` stands for any text "
        "within a name and `**` for any folders.",
    ),
    "RR342": Explanation(
        "a link that leads elsewhere",
        "Links inside a location are followed only while they stay inside it, so that results "
        "never bring in other files of the machine. Name the link's target in the spec instead, or "
        "copy the file.",
    ),
    "RR343": Explanation(
        "a file that cannot be opened or is too large",
        "The system refused to read the file, it is no regular file, or it is larger than what is "
        "read of its kind. JSON and YAML documents are read as a whole and therefore bounded more "
        "tightly; JSONL, CSV and Parquet hold more.",
    ),
    "RR344": Explanation(
        "a file that is no text",
        "Text files are UTF-8, or UTF-16 and UTF-32 with a byte order mark. At the byte named the "
        "file is none of them: it was cut, is binary, or was written in another encoding. Save it "
        "as UTF-8.",
    ),
    "RR345": Explanation(
        "a table that is broken",
        "The file is empty, or its quotes do not match. Rows before the place named are read. A "
        "quote inside a quoted cell is written twice; a cell that holds a separator or a line "
        "break is quoted.",
    ),
    "RR346": Explanation(
        "a text that is no JSON",
        "JSON is read strictly: no comments, no trailing commas, no single quotes. NaN and "
        "Infinity are understood, since many tools write them, and stay what they are. In JSONL a "
        "line that is no JSON, such as one cut off by a crash, is left out; the others are read.",
    ),
    "RR347": Explanation(
        "a YAML file that is not read",
        "YAML of results is read by the same rules as a spec: one document, no tags, no merge "
        "keys, bounded aliases, each key once. The message names the place.",
    ),
    "RR348": Explanation(
        "a file that is no Parquet",
        "The file's end does not describe its content, which happens when it was cut off while it "
        "was written, or it uses a feature that this version of Arrow does not know.",
    ),
    "RR349": Explanation(
        "a row that was left out",
        "The row has more or fewer cells than the header, is no object, belongs to no run, or has "
        "no step. Nothing is guessed from it; the other rows of the file are read.",
    ),
    "RR350": Explanation(
        "a name that occurs twice",
        "Two columns, or two keys of one object, have the same name, and neither value is more "
        "right than the other. None of them is read; give each its own name.",
    ),
    "RR351": Explanation(
        "a cell that is no number",
        "The column is a metric, and this cell holds something else. It counts as missing. If the "
        "column is no metric, say so with `params:` or `tags:` of the source.",
    ),
    "RR352": Explanation(
        "a number that is too large",
        "The cell holds a number beyond 1.8e308, which no float can hold. It is treated as "
        "infinite: shown, counted, and kept out of means and tests.",
    ),
    "RR353": Explanation(
        "a time that cannot be",
        "Times are ISO 8601 or seconds, milliseconds, microseconds or nanoseconds since 1970, and "
        "lie between 1990 and 2200. Others come from a clock that was wrong, or are no times; they "
        "count as unknown.",
    ),
    "RR354": Explanation(
        "an id that occurs twice",
        "Each run needs an id of its own. Rows with an equal id are all read, and told apart by a "
        "number in the order of the file. If they are steps of one run, write `shape: history`.",
    ),
    "RR355": Explanation(
        "a column that no file has",
        "An option of the source names a column, and none of its files has one of that name. "
        "Nested keys are joined by dots: `config.optimizer.lr`. The hint names the nearest one.",
    ),
    "RR356": Explanation(
        "more than is read",
        "Files, rows, keys and the length of texts are bounded, so that a build ends in known time "
        "and memory. The message says how much was read of how much there is. Narrow the location, "
        "ignore columns, or store large tables as Parquet.",
    ),
    "RR357": Explanation(
        "how rows were understood",
        "The spec leaves open whether rows are runs or steps of runs, so it was decided by rule: "
        "rows are steps where a column is called step, epoch or iteration and the rows are not "
        "told apart by an id. `shape:` of the source decides it for good.",
    ),
    "RR358": Explanation(
        "how columns were sorted",
        "Columns that no option names are sorted by rule: objects called params, config, metrics "
        "or tags say what they hold; text is a param; then the name decides; then whole numbers "
        "and repeating ones are params, and what remains are metrics. `params:`, `metrics:` and "
        "`tags:` of the source decide it for good.",
    ),
    "RR359": Explanation(
        "a file without a run",
        "The file can be read, and what it holds is no run: a header without rows, a list without "
        "objects, a single value. A run is a row, or an object of names and values.",
    ),
    "RR360": Explanation(
        "a column that was not read",
        "The column has no name, is nested too deeply, or holds text that changes from step to "
        "step, which is neither a metric nor a param of the run.",
    ),
    "RR361": Explanation(
        "a status of another kind",
        "How a run ended is one of finished, failed, killed, running, or a usual synonym of these. "
        "This word is none of them, so the run's status is unknown.",
    ),
    "RR362": Explanation(
        "a guess about the text",
        "The file is no UTF-8 and was read as Latin-1, or its cells are separated by semicolons "
        "and its decimal commas were read as points. Both are said because both could be wrong.",
    ),
    "RR365": Explanation(
        "nothing that is known here",
        "`init` and `list` look for an MLflow database, an mlruns folder, a tracking server's "
        "address, and plain files with runs, at the path and in the folders below it. None was "
        "found. Name the store itself, or write the source into a spec.",
    ),
    "RR366": Explanation(
        "a spec that is already there",
        "`init` does not write over a file, since it may hold hours of work. Write to another name "
        "with `-o`, or replace it with `--force`.",
    ),
    # --- RR4xx: data unfit for the question -------------------------------------------------
    "RR401": Explanation(
        "one run cannot speak for a configuration",
        "Another seed would have given another number, and one run does not say how far apart "
        "seeds lie. The values and their difference are shown; a p-value, an interval or a "
        "verdict about the configurations would be invented. Run each configuration with "
        "several seeds and declare them: `groups: {replicates: seed}`.",
    ),
    "RR402": Explanation(
        "too few replicates for a test",
        "Two values per group tell almost nothing of their scatter, so they are shown without a "
        "test or an interval. Three replicates are the least, and five to ten are a better "
        "plan.",
    ),
    "RR403": Explanation(
        "only large differences can be seen",
        "With fewer than ten replicates per group a real difference is easily missed. The note "
        "says how large one must be to be found 8 times in 10 (80 % power), in the metric's "
        "unit. Add replicates, pair them across groups, or reduce what makes them scatter.",
    ),
    "RR404": Explanation(
        "an exact test cannot reach alpha",
        "The smallest p of an exact test depends on the number of replicates alone: 2 / 2^n for "
        "n pairs, two over the number of splits for two groups. Where that is above alpha (or "
        "above alpha divided by the number of comparisons that the correction covers) no data "
        "could reject. A t-test decides instead, which assumes that means are roughly normal; "
        "or add the replicates that the note names.",
    ),
    "RR405": Explanation(
        "values do not vary",
        "Every replicate has the same value, or the same difference. Either the seed has no "
        "effect, or the runs are copies of one. A test would report an absurdly small p from a "
        "scatter of zero, so none is made. Check that the seed reaches the code, and that runs "
        "were not logged twice.",
    ),
    "RR406": Explanation(
        "runs are copies of each other",
        "Two runs of a group have the same seed and the same value, or agree in every bit of a "
        "value that hardly repeats by chance. Copies are not replicates: they count once. "
        "Remove them from the selection, or find out why different seeds give the same run.",
    ),
    "RR407": Explanation(
        "runs are missing from a comparison",
        "Runs that failed, were killed, are still running, or whose value is missing, NaN or "
        "infinite cannot enter a mean. If runs fail because a method is unstable, the survivors "
        "flatter it. The note counts them, and where a goal is declared the comparison is "
        "repeated with every failed run scored as the worst value seen.",
    ),
    "RR408": Explanation(
        "pairs do not match",
        "`pair_by` names what pairs runs across groups. Some runs have no partner with the same "
        "identity, have none at all, or share it with another run of their group. They are "
        "named and stay out; where hardly any pair matches the groups are compared unpaired.",
    ),
    "RR409": Explanation(
        "many comparisons without correction",
        "`correction: none` tests every comparison at the full alpha. With many comparisons "
        "some will seem to differ by chance. Declare `comparison: {correction: holm}`, and mark "
        "the metrics that matter as primary so that the others do not count against them.",
    ),
    "RR410": Explanation(
        "a run lies far from the rest",
        "One value is more than five deviations from the median of its group: a seed that "
        "collapsed, or a run that was set up differently. It is never dropped. Mean, median and "
        "the mean of the middle half are shown side by side; look at the run's page and its "
        "curves before trusting the mean.",
    ),
    "RR411": Explanation(
        "a difference too small to matter",
        "The interval leaves out zero but lies inside the declared margin: the difference can "
        "be detected and makes no difference in practice. It is called negligible, not better.",
    ),
    "RR412": Explanation(
        "the question is open",
        "The interval reaches to both sides of zero, or of the declared margin. This does not "
        "mean that the groups are equal. The note says about how many more replicates would "
        "settle it, if the difference is as large as it looks now.",
    ),
    "RR413": Explanation(
        "two methods disagree",
        "Another method on the same values falls on the other side of alpha. The test that the "
        "design calls for decides; the other is shown so that nobody has to wonder. Such a "
        "result is close to the line: more replicates help, another test does not.",
    ),
    "RR414": Explanation(
        "a test could not be computed",
        "The arithmetic gave no number, for instance because values are near the limits of what "
        "64-bit floats hold. No p-value is shown, and nothing is compared with alpha. Look at "
        "the values, or scale the metric (`scale`).",
    ),
    "RR415": Explanation(
        "the best step was picked on the reported values",
        "`value: max` (or `min`) takes each run's best step on the very values that are "
        "reported. The more often a run was evaluated, the better its best by luck alone. "
        "Report the last step, or the step that was best on other data: `value: "
        "at(min(val_loss)).test_accuracy`.",
    ),
    "RR416": Explanation(
        "a metric's goal was guessed",
        "Whether more or less is better was read from the metric's name. Declare it: `metrics: "
        "{val_loss: {goal: minimize}}`.",
    ),
    "RR417": Explanation(
        "a metric without a goal",
        "Whether more or less of this metric is better is not declared, so groups can differ in "
        "it but none is called better or best. Declare `goal: maximize` or `goal: minimize`.",
    ),
    "RR418": Explanation(
        "folds of one data set depend on each other",
        "The training parts of a cross-validation overlap, so its folds are not independent "
        "replicates, and a plain t-test finds differences that are not there (in a simulation "
        "60 % of the time where 5 % is promised). Paired folds are tested with the corrected "
        "resampled t-test; the note shows what the plain test would have said. Unpaired folds "
        "cannot be corrected: declare `pair_by: fold`.",
    ),
    "RR419": Explanation(
        "values measured on different data",
        "The logged data sets of two groups have different digests. Where they are the data "
        "that the metric was computed on, the numbers answer different questions and the "
        "verdict is withheld. Where only the training data differ, that may be what is being "
        "compared, so it is said and no more.",
    ),
    "RR430": Explanation(
        "a verdict that the report does not reach",
        "`${verdict.METRIC}` stands for the leading group's comparison on a metric, and "
        "`${verdict.METRIC.GROUP}` for that of one group, named by its label or by the value of "
        "one of its grouping columns. Nothing matches: the metric is not compared, the group does "
        "not exist, or several groups have that value.",
    ),
    # --- RR5xx: rendering -------------------------------------------------------------------
    "RR501": Explanation(
        "a chart's marks do not match what was drawn",
        "Every element that stands for a run carries the run's generated id, taken from a list the "
        "chart gives. The list and the drawing differ in length, so some element would have named "
        "the wrong run. It is a mistake in the section that draws the chart: list one mark per "
        "finite element, in drawing order.",
    ),
    "RR502": Explanation(
        "a chart could not be drawn",
        "The section's `draw` function raised the exception named in the message. The rest of the "
        "report was built; the chart's place says why it is empty.",
    ),
    "RR503": Explanation(
        "a chart took too long",
        "Drawing exceeded its time limit and was ended, so that one chart cannot hold up a build. "
        "Draw fewer runs (`limit`), or fewer points.",
    ),
    "RR504": Explanation(
        "the drawing process ended",
        "A worker process died twice while drawing this chart, for instance because the machine "
        "ran out of memory. The rest of the report was built.",
    ),
    "RR505": Explanation(
        "a chart draws a picture",
        "Charts are written as lines, areas and text, which follow the reader's light or dark "
        "theme and stay sharp. A raster picture does neither; draw cells with `pcolormesh`.",
    ),
    "RR550": Explanation(
        "an unknown theme",
        "`theme` names a theme of this installation (`default`, `print`) or a folder beside the "
        "spec that holds a `theme.toml`.",
    ),
    "RR551": Explanation(
        "a theme cannot be read",
        "Its `theme.toml` is missing, is no TOML, inherits from itself, or holds colours that "
        "charts cannot tell apart: every colour must be `#rrggbb` in lower case and occur once.",
    ),
    "RR560": Explanation(
        "the site engine failed",
        "MkDocs stopped or warned while it turned the pages into a site. Nothing was published. "
        "Pages are written by runreport, so this is a bug of runreport's, or a version of MkDocs "
        "or Material that it was not tested with.",
    ),
    "RR561": Explanation(
        "two pages of one name",
        "File names of pages come from the titles in the spec. Two of them are equal once letters "
        "and digits alone are left; change one title.",
    ),
    "RR562": Explanation(
        "a page is large",
        "Pages above 2 MB load slowly and strain a phone. Show fewer runs (`limit`), or spread the "
        "sections over more pages.",
    ),
    "RR563": Explanation(
        "a link leads nowhere",
        "Markdown of a text section, or of a run's note, links to a page that this report does not "
        "have. Pages are named after their titles in the spec, the first one is `index.html`; a "
        "page about a run is linked by naming the run in a table. The page was published all the "
        "same.",
    ),
    # --- RR6xx: publishing ------------------------------------------------------------------
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
    # --- RR9xx: a bug of ours ---------------------------------------------------------------
    "RR901": Explanation(
        "an unexpected exception",
        "runreport met a situation its authors did not foresee. Nothing was published; the site "
        "that was there before is untouched. Please report it with the trace that "
        "`--traceback` prints.",
    ),
}
