"""RR2xx: names that do not exist."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
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
        "last, first, min, max, mean, count, at, at_step, step_above, step_below, last_step and "
        "baseline read the history of one metric. The name stands for a param or an attribute, or "
        "there is an expression in its place. Reduce first and calculate then: max(a) - max(b).",
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
    "RR216": Explanation(
        "a gate about no group",
        "`group` says which groups a gate judges and `against` what it compares them with. A "
        "condition selects a group when it holds for every run of it; `against` must select "
        "exactly one. A gate about nothing would say nothing, so the name is taken for a mistake.",
    ),
    "RR217": Explanation(
        "decisions that supersede each other",
        "A decision names in `supersedes` the earlier ones that it replaces. Following these names "
        "from one decision leads back to it, so none of them would be in force. The message lists "
        "the circle; take one of its links out.",
    ),
}
