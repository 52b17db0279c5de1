"""The same six runs, written by each tracker's own package: `python dialects.py NAME FOLDER`.

It imports nothing of this project, so that any Python that has the packages can run it. `RUNS` is
the truth; what a format or its package cannot keep of it is listed in `FORCED`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAN, INF = math.nan, math.inf
NOTE = "größer 🚀 than\n'before'"


def _run(rate: float, seed: int) -> dict[str, Any]:
    shift = seed / 100 + rate
    accuracy = [(step, 0.5 + step / 10 + shift) for step in range(5)]
    loss = [(step, 1.0 / (step + 1) + shift) for step in (0, 1, 4, 2, 2, 3)]
    if seed == 1:
        accuracy[3] = (3, NAN)
    if seed == 2:
        accuracy[4], accuracy[1] = (4, INF), (1, -INF)
    return {
        "name": f"lr{rate}-s{seed}",
        "status": "failed" if (rate, seed) == (0.01, 3) else "finished",
        "params": {
            "lr": rate,
            "seed": seed,
            "layers": 2,
            "amp": True,
            "optimizer": "adam",
            "note": NOTE,
            "betas": [0.9, 0.999],
            "model": {"width": 64, "act": "relu", "drop": {"rate": 0.1}},
            "tiny": 1e-05,
        },
        # out of order and with a step twice
        "metrics": {"val/acc": accuracy, "train.loss": loss, "größe": [(0, 3.0)]},
        "tags": {"team": "vision"},
        "artifact": ("notes.txt", f"run {seed} of {rate}\n"),
    }


RUNS = [_run(rate, seed) for rate in (0.001, 0.01) for seed in (1, 2, 3)]


def flat(params: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested params as one level."""
    found: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def text(value: Any) -> str:
    """A param as a typed format keeps it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


# ---- writers -------------------------------------------------------------------------------------


def mlflow(folder: Path, uri: str | None = None) -> None:
    import mlflow
    from mlflow.entities import Metric, Param, RunTag

    os.chdir(folder)
    mlflow.set_tracking_uri(uri or f"sqlite:///{folder / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    root = (folder / "artifacts").as_uri() if uri is None else None
    experiment = client.create_experiment("six", artifact_location=root)
    for run in RUNS:
        made = client.create_run(experiment, run_name=run["name"], tags=run["tags"])
        number = made.info.run_id
        params = [Param(key, str(value)) for key, value in flat(run["params"]).items()]
        metrics = [
            Metric(key, value, 1_760_000_000_000 + 1000 * place, step)
            for key, points in run["metrics"].items()
            for place, (step, value) in enumerate(points)
        ]
        client.log_batch(number, metrics, params, [RunTag("made", "here")])
        client.log_text(number, run["artifact"][1], run["artifact"][0])
        client.set_terminated(number, run["status"].upper())


def mlflow_files(folder: Path) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    mlflow(folder, (folder / "mlruns").as_uri())


def wandb(folder: Path) -> None:
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(folder)}
    import wandb

    for run in RUNS:
        made = wandb.init(
            project="six", name=run["name"], config=run["params"], tags=list(run["tags"].values())
        )
        # its own step only ever grows: each metric gets a row per point and a step of its own
        for key, points in run["metrics"].items():
            made.define_metric(key, step_metric=f"{key}_step")
            for step, value in points:
                made.log({key: value, f"{key}_step": step})
        Path(made.dir, run["artifact"][0]).write_text(run["artifact"][1])
        made.save(str(Path(made.dir, run["artifact"][0])), base_path=made.dir)
        made.finish(exit_code=int(run["status"] == "failed"))


def tensorboard(folder: Path) -> None:
    from tensorboardX import SummaryWriter

    for run in RUNS:
        with SummaryWriter(str(folder / "logs" / run["name"])) as writer:
            kept = {k: v for k, v in flat(run["params"]).items() if not isinstance(v, list)}
            for key, points in run["metrics"].items():
                for place, (step, value) in enumerate(points):
                    writer.add_scalar(key, value, step, 1_760_000_000 + place)
            writer.add_text("notes.txt", run["artifact"][1])
            writer.add_hparams(kept, {"hparam/last": 1.0}, name="hp")


def dvclive(folder: Path) -> None:
    environment = {
        **os.environ, "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "DVC_NO_ANALYTICS": "1",
    }  # fmt: skip
    os.environ |= environment
    repo = folder / "project"
    repo.mkdir()
    os.chdir(repo)
    for command in (
        ["git", "init", "-q"],
        [sys.executable, "-m", "dvc", "init", "-q"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "start"],
    ):
        subprocess.run(command, check=True, env=environment)
    from dvclive import Live

    for run in RUNS:
        with Live(save_dvc_exp=True, exp_name=run["name"], report=None) as live:
            live.log_params(run["params"])
            for key, points in run["metrics"].items():
                for step, value in points:
                    live.step = step
                    live.log_metric(key, value)
            Path(run["artifact"][0]).write_text(run["artifact"][1])
            live.log_artifact(run["artifact"][0])


def optuna(folder: Path) -> None:
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.trial import TrialState

    study = optuna.create_study(
        storage=f"sqlite:///{folder / 'optuna.db'}", study_name="six", direction="maximize"
    )
    for run in RUNS:
        plain = flat(run["params"])
        plain["betas"] = json.dumps(plain["betas"])
        kinds = {
            key: CategoricalDistribution([value, "other"])
            if isinstance(value, str | bool)
            else IntDistribution(0, 1000)
            if isinstance(value, int)
            else FloatDistribution(0, 1)
            for key, value in plain.items()
        }
        failed = run["status"] == "failed"
        # a step is a key: the last value of one that was reported twice stays
        reported = dict(run["metrics"]["val/acc"])
        study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.FAIL if failed else TrialState.COMPLETE,
                params=plain,
                distributions=kinds,
                value=None if failed else 0.75,
                intermediate_values=reported,
                user_attrs={**run["tags"], "name": run["name"]},
            )
        )


def sacred(folder: Path) -> None:
    from sacred import Experiment
    from sacred.observers import FileStorageObserver

    for run in RUNS:
        experiment = Experiment("six", save_git_info=False)
        experiment.observers.append(FileStorageObserver(str(folder / "runs")))
        experiment.add_config(**{**run["params"], "name": run["name"]})
        notes = folder / run["artifact"][0]
        notes.write_text(run["artifact"][1])

        @experiment.main
        def main(_run: Any, run: dict[str, Any] = run, notes: Path = notes) -> None:
            for key, points in run["metrics"].items():
                for step, value in points:
                    _run.log_scalar(key, value, step)
            _run.add_artifact(str(notes))
            if run["status"] == "failed":
                raise RuntimeError("as meant")

        try:
            experiment.run(options={"--loglevel": "CRITICAL"})
        except RuntimeError:
            continue


def hydra(folder: Path) -> None:
    script = folder / "app.py"
    script.write_text(
        "import hydra, json, os, sys\n"
        "from pathlib import Path\n"
        "from hydra.core.hydra_config import HydraConfig\n"
        "@hydra.main(version_base=None, config_path='conf', config_name='config')\n"
        "def main(config):\n"
        "    out = Path(HydraConfig.get().runtime.output_dir)\n"
        "    facts = json.loads(Path(os.environ['FACTS']).read_text())\n"
        "    (out / 'metrics.jsonl').write_text(facts['metrics'])\n"
        "    (out / facts['artifact'][0]).write_text(facts['artifact'][1])\n"
        "main()\n"
    )
    (folder / "conf").mkdir()
    for run in RUNS:
        (folder / "conf" / "config.yaml").write_text(json.dumps(run["params"], ensure_ascii=False))
        rows = [
            json.dumps({"step": step, key: value}) + "\n"
            for key, points in run["metrics"].items()
            for step, value in points
        ]
        facts = folder / "facts.json"
        facts.write_text(json.dumps({"metrics": "".join(rows), "artifact": run["artifact"]}))
        subprocess.run(
            [sys.executable, script, f"hydra.run.dir={folder}/outputs/{run['name']}"],
            check=True,
            env={**os.environ, "FACTS": str(facts)},
        )


def clearml(folder: Path) -> None:
    os.environ |= {"CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": str(folder / "cache")}
    from clearml import Task

    Task.set_offline(True)
    for run in RUNS:
        task = Task.init(
            "six",
            run["name"],
            tags=["vision"],
            auto_connect_frameworks=False,
            auto_resource_monitoring=False,
            auto_connect_streams=False,
        )
        task.connect(dict(run["params"]))
        logger = task.get_logger()
        for key, points in run["metrics"].items():
            for step, value in points:
                logger.report_scalar(key, key, value, step)
        task.upload_artifact(run["artifact"][0], run["artifact"][1])
        if run["status"] == "failed":
            task.mark_failed(force=True)
        task.close()


def trackio(folder: Path) -> None:
    os.environ |= {"TRACKIO_DIR": str(folder / "trackio"), "HF_HUB_OFFLINE": "1"}
    import trackio

    for run in RUNS:
        trackio.init(project="six", name=run["name"], config=run["params"])
        for key, points in run["metrics"].items():
            for step, value in points:
                trackio.log({key: value}, step=step)
        trackio.finish()


def lightning(folder: Path) -> None:
    from lightning.pytorch.loggers import CSVLogger

    for run in RUNS:
        logger = CSVLogger(str(folder / "logs"), name="six", version=run["name"])
        logger.log_hyperparams(run["params"])
        for key, points in run["metrics"].items():
            for step, value in points:
                logger.log_metrics({key: value}, step=step)
        logger.save()


WRITERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "clearml": ("clearml", clearml),
    "dvc": ("dvclive", dvclive),
    "hydra": ("hydra", hydra),
    "lightning": ("lightning", lightning),
    "mlflow": ("mlflow", mlflow),
    "mlflow-files": ("mlflow", mlflow_files),
    "optuna": ("optuna", optuna),
    "sacred": ("sacred", sacred),
    "tensorboard": ("tensorboardX", tensorboard),
    "trackio": ("trackio", trackio),
    "wandb": ("wandb", wandb),
}
"""Dialect to the package that writes it, and how."""

if __name__ == "__main__":
    WRITERS[sys.argv[1]][1](Path(sys.argv[2]).resolve())
