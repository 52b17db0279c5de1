"""Whether more than two groups differ at all, before any pair of them."""

from __future__ import annotations

import numpy as np

from runreport import formats
from runreport.sections import charting
from runreport.sections.comparing import Answer
from runreport.stats import words
from runreport.stats.counts import CochranQ, cochran_q


def omnibus_words(answer: Answer) -> str:
    """Cochran's Q of three or more models that are right or wrong on the same items; empty else."""
    found = cochran(answer)
    if found is None:
        return ""
    models = sum(fit.mean is not None for fit in answer.fits)
    said = (
        f"Over all {models} groups Cochran's Q is {formats.fixed(found.statistic, 2)} (df "
        f"{found.df}, {formats.p_value(found.p_value)}; "
        f"{words.plural(answer.unit_of_replication, found.items)} on which they differ): this asks "
        f"whether all have the same {charting.fit(answer.metric.title, 40)}, not which differ."
    )
    pairs = [item.result for item in answer.comparisons if item.result.p_adjusted is not None]
    alpha = pairs[0].alpha if pairs else 0.05
    if found.p_value < alpha and pairs and all((r.p_adjusted or 0.0) >= alpha for r in pairs):
        said += " There is a difference, and no pair shows it after correction."
    return said


def cochran(answer: Answer) -> CochranQ | None:
    """The test over all groups; None where items are not right or wrong, or groups are few."""
    fits = [fit for fit in answer.fits if fit.mean is not None]
    if len(fits) < 3 or any(fit.kind != "items" or fit.score is not None for fit in fits):
        return None
    columns = [
        dict(zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True)) for fit in fits
    ]
    shared = [key for key in columns[0] if all(key in column for column in columns)]
    one = answer.metric.scale
    table = np.array([[column[key] for column in columns] for key in shared], dtype=np.float64)
    if len(shared) < 3 or not np.isin(table, (0.0, one)).all():
        return None
    return cochran_q(table / one)
