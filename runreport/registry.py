"""What exists: name -> value, alphabetical. One more of anything is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from runreport.kinds import AnySection, AnySource
from runreport.sections import (
    ab_test,
    aggregate,
    bars,
    comparability,
    diff,
    distribution,
    history,
    lineage,
    metrics,
    parallel,
    power,
    ranking,
    run,
    runs,
    scatter,
    significance,
    summary,
    text,
)
from runreport.sources import (
    clearml,
    dvc,
    files,
    hf_trainer,
    hydra,
    inspect,
    lightning,
    lm_eval,
    mlflow,
    optuna,
    ray_tune,
    sacred,
    sklearn,
    tensorboard,
    trackio,
    wandb,
)

SOURCES: Mapping[str, AnySource] = {
    "clearml": clearml.SOURCE,
    "dvc": dvc.SOURCE,
    "files": files.SOURCE,
    "hf_trainer": hf_trainer.SOURCE,
    "hydra": hydra.SOURCE,
    "inspect": inspect.SOURCE,
    "lightning": lightning.SOURCE,
    "lm_eval": lm_eval.SOURCE,
    "mlflow": mlflow.SOURCE,
    "optuna": optuna.SOURCE,
    "ray_tune": ray_tune.SOURCE,
    "sacred": sacred.SOURCE,
    "sklearn": sklearn.SOURCE,
    "tensorboard": tensorboard.SOURCE,
    "trackio": trackio.SOURCE,
    "wandb": wandb.SOURCE,
}
SECTIONS: Mapping[str, AnySection] = {
    "ab_test": ab_test.SECTION,
    "aggregate": aggregate.SECTION,
    "bars": bars.SECTION,
    "comparability": comparability.SECTION,
    "diff": diff.SECTION,
    "distribution": distribution.SECTION,
    "history": history.SECTION,
    "lineage": lineage.SECTION,
    "metrics": metrics.SECTION,
    "parallel": parallel.SECTION,
    "power": power.SECTION,
    "ranking": ranking.SECTION,
    "run": run.SECTION,
    "runs": runs.SECTION,
    "scatter": scatter.SECTION,
    "significance": significance.SECTION,
    "summary": summary.SECTION,
    "text": text.SECTION,
}
