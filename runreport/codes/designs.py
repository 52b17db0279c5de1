"""RR44x and RR45x: what a declared design, or the way runs were chosen, does to a verdict."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    "RR440": Explanation(
        "groups had different budgets",
        "The runs of two groups stopped at different steps, so their last values answer different "
        "questions. They are compared at the largest step that both groups reached, and the last "
        "values are shown beside. Where no point at a common step was logged, the verdict carries "
        "the caution; log the metric over steps, or train both alike.",
    ),
    "RR441": Explanation(
        "groups were tuned unequally",
        "One group holds more tried configurations than another. The best of many is higher than "
        "the best of few by luck alone, so the expected best of equally many trials is shown. "
        "Tune both with the same number of trials, or compare one fixed configuration of each.",
    ),
    "RR442": Explanation(
        "selected on the metric shown",
        "Runs were chosen by the very metric that is compared: by `where`, by `sort` with a "
        "`limit`, or as the winner of a search. The chosen values are optimistic. Choose on "
        "validation data and report test data, or run the chosen configuration with fresh seeds.",
    ),
    "RR443": Explanation(
        "items share clusters",
        "Several test items belong to one document, patient or passage, so they do not count as "
        "independent. The standard error is computed over clusters; the note shows what it would "
        "have been over items (Miller, 2024).",
    ),
    "RR444": Explanation(
        "items or episodes taken for replicates",
        "Test items, episodes or steps of one trained model were counted as replicates. A test "
        "over them speaks of these trained models on data like these, not of the methods that "
        "made them: another seed may change the order. For a claim about methods train several "
        "seeds and declare `replicates: seed`.",
    ),
    "RR445": Explanation(
        "a report rebuilt on growing data",
        "Looking again each time data are added, and stopping when a difference shows, finds "
        "differences that are not there: 20 looks at 5 % each err about one time in four. The "
        "fixed-sample p holds for one look that was planned. The anytime-valid interval holds at "
        "every look (Howard et al., 2021).",
    ),
    "RR446": Explanation(
        "sample-ratio mismatch",
        "The arms of an experiment hold other shares of the users than were planned, by more than "
        "chance (p below 0.001). Assignment or logging is broken, so no verdict on the metric is "
        "given. Find the cause before reading any difference (Kohavi, Tang and Xu, 2020).",
    ),
    "RR447": Explanation(
        "a difference somewhere, but no pair",
        "The test over all models finds that they are not all alike, and no pair of them differs "
        "after correction. Both are true: the data suffice to see that there is a difference, not "
        "between which two (Demsar, 2006, section 3.2.2).",
    ),
    "RR448": Explanation(
        "few data sets",
        "Rank tests over data sets need some: below five nothing is tested, below ten the "
        "p-values are approximate (Demsar, 2006). Replicates within a data set do not make more "
        "data sets.",
    ),
    "RR449": Explanation(
        "few items on which two models differ",
        "Two models were right and wrong on the same items but for fewer than 25. The exact "
        "binomial test is used, and with fewer than six such items no result at 0.05 is possible.",
    ),
    "RR450": Explanation(
        "identical on every item",
        "Two models are right on the same items and wrong on the same items, so nothing tells "
        "them apart here: p is 1 by definition. Check that the predictions are not copies.",
    ),
    "RR451": Explanation(
        "a rank verdict that depends on the other models",
        "Mean ranks change when a model is added or removed, and with them the verdict on two "
        "models that did not change. The pairwise signed-rank test does not have this fault and "
        "decides (Benavoli, Corani and Mangili, 2016).",
    ),
    "RR452": Explanation(
        "the author chose the test",
        "`method:` names another test than the one that follows from the declared design. The "
        "page says so and shows both. A test chosen after seeing its p-value proves nothing. The "
        "same is said of what the spec asks for and these data do not allow: a test that does not "
        "fit the design, or a margin in per cent of a baseline that is 0.",
    ),
}
