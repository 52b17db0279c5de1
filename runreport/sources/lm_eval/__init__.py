"""Results of the LM Evaluation Harness: `results_*.json` with its `samples_*.jsonl`.

    - {lm_eval: results}
    - {lm_eval: results, unit: sample}
    - {lm_eval: results, unit: sample, fields: [subject]}

A results file is a run: its params are the model with its arguments one by one
(`model_args.pretrained`), seeds, batch size and limit, and of each task the few-shot examples and
the version (`gsm8k.num_fewshot`). Metrics are `TASK/METRIC`, with the filter where there is one
(`gsm8k/exact_match,strict-match`); groups of tasks count as tasks. Standard errors are metrics of
their own (`TASK/acc_stderr`): they are about the items of one model, and enter no test here. Files
of samples are artifacts; lineage holds the Git commit, versions, the hardware, and a digest over
each task's documents.

With `unit: sample` each document is a run with the same params, a `task`, an `item` (`TASK/ID`) and
its own values (`acc`, with the filter where there is one). `fields` names entries of the documents
that become params (`doc.subject`). Two models on the same documents are compared by
`groups: {by: [params.model_args.pretrained], items: item, baseline: ...}`.

Files of older versions are read too (`results.json`, `acc` without a filter). Not read: the
configuration of tasks, prompts, responses, and values of documents that are no numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.units import Unit

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """A folder with results, at any depth, or one file of them."""
    unit: Unit = "run"
    """What a run of the tables is: an evaluation, or one document of one."""
    fields: tuple[str, ...] = ()
    """Entries of the documents that become params, as `doc.NAME`. Of `unit: sample` alone."""


def open_results(options: Options, context: SourceContext) -> Reader:
    """As `store.open_results`, loaded where a report has such results."""
    from runreport.sources.lm_eval import store

    return store.open_results(options.location, options.unit, options.fields, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.lm_eval.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="lm_eval", options=Options, open=open_results, detect=detect)
