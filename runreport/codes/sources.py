"""RR3xx: a source."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
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
        "`init` and `list` look for stores of every tracker that is read, a tracking server's "
        "address, and plain files with runs, at the path and in the folders below it. None was "
        "found. Name the store itself, or write the source into a spec.",
    ),
    "RR366": Explanation(
        "a spec that is already there",
        "`init` does not write over a file, since it may hold hours of work. Write to another name "
        "with `-o`, or replace it with `--force`.",
    ),
    "RR367": Explanation(
        "a file that is not recognised",
        "`init` and `list` name what lies beside the stores they found and could hold runs, with "
        "the reason why it is not read. Write it into the spec as `files` if it holds runs in a "
        "form of its own, or unpack or export it as the reason says.",
    ),
}
