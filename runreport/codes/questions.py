"""RR4xx: data unfit for the question."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
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
        "groups differ in more than what is compared",
        "Two groups were measured on other data, on another split, by another definition of the "
        "metric, or run from other code. Where the evaluation itself differs (digests of its "
        "data, `eval_split`, `metric_version`), the numbers answer different questions and the "
        "verdict is withheld. Other training data or code may be what is being compared, so they "
        "are said and no more. The section `comparability` has every check of every group.",
    ),
    "RR430": Explanation(
        "a verdict that the report does not reach",
        "`${verdict.METRIC}` stands for the leading group's comparison on a metric, and "
        "`${verdict.METRIC.GROUP}` for that of one group, named by its label or by the value of "
        "one of its grouping columns. Nothing matches: the metric is not compared, the group does "
        "not exist, or several groups have that value.",
    ),
}
