"""What each change of one param did on its own."""

from __future__ import annotations

from runreport.design import Metric
from runreport.sections import ablation
from runreport.sections.ablation import Options
from tests import reading
from tests.landscapes import METRIC, landscape
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)


def blocks_of(context, **options):
    chosen = Options(**options)
    return ablation.present(ablation.compute(context, chosen), chosen)


def test_the_confounded_pair_is_named_and_not_guessed_at():
    runs = landscape(1, 60, kind="grid").runs
    said = reading.said(blocks_of(study(runs, metrics=[ACCURACY])))
    assert "schedule and warmup always moved together" in said
