"""What tells configurations apart: which params count, and which of their values are equal."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from runreport.design import Metric
from tests.landscapes import METRIC, landscape
from tests.sections.test_ablation import data_of, found, run, said_of
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)
LOSS = Metric("loss", goal="minimize", primary=True)


def test_names_places_and_notations_make_no_configuration():
    with_noise = data_of(
        study(landscape(6, 60, kind="grid", nuisance=True).runs, metrics=[ACCURACY])
    )
    without = data_of(study(landscape(6, 60, kind="grid").runs, metrics=[ACCURACY]))
    assert with_noise.settings.names == without.settings.names
    assert {n: i.difference for n, i in found(with_noise).items()} == {
        n: i.difference for n, i in found(without).items()
    }


def test_what_was_left_out_is_said_with_its_reason():
    runs = landscape(6, 30, kind="grid", replicates=2, nuisance=True).runs
    context = study(runs, replicates="seed", metrics=[ACCURACY])
    said = said_of(context, ignore=("clip",))
    assert "output_dir, run_name tell no configurations apart (a guess" in said
    assert "seed tells no configurations apart (declared as what tells replicates apart)" in said
    assert "clip tells no configurations apart (as asked)" in said


@pytest.mark.parametrize(
    "name",
    ["output_dir", "save_path", "logging_dir", "run_name", "wandb_project", "hostname", "seed",
     "trainer.default_root_dir", "num_workers", "git_commit", "cfg.random_seed", "timestamp"],
)  # fmt: skip
def test_params_about_the_run_are_left_out_by_name(name):
    runs = [run(i, x=i % 2, **{name: f"v{i}"}) for i in range(4)]
    assert data_of(study(runs, metrics=[LOSS])).settings.names == ("x",)
    assert name in data_of(study(runs, metrics=[LOSS]), keep=(name,)).settings.names


@pytest.mark.parametrize(
    "name",
    ["optimizer.name", "lora_rank", "rank", "time_steps", "data_path", "log_scale", "port_in"],
)
def test_params_that_only_sound_like_it_stay(name):
    runs = [run(i, x=i % 2, **{name: f"v{i // 2}"}) for i in range(4)]
    assert name in data_of(study(runs, metrics=[LOSS])).settings.names


def test_a_path_that_holds_the_name_of_its_run_is_left_out():
    runs = [run(i, x=i % 2, weights=f"/data/model-{i}/w", name=f"model-{i}") for i in range(4)]
    assert data_of(study(runs, metrics=[LOSS])).settings.names == ("x",)


def test_equal_numbers_are_equal_settings():
    runs = [
        run(1.0, lr="1e-3", on="True", n="1"),
        run(2.0, lr="0.001", on="true", n="1.0"),
        run(3.0, lr=str(float(np.float32(0.001))), on="TRUE", n="1e0"),
        run(4.0, lr="0.01", on="True", n="1"),
    ]
    settings = data_of(study(runs, metrics=[LOSS])).settings
    assert settings.names == ("lr",)
    assert [len(group.runs) for group in settings.groups] == [3, 1]


def test_integers_that_agree_to_seven_digits_are_not_equal():
    runs = [run(1.0, n="123456789"), run(2.0, n="123456788")]
    assert len(data_of(study(runs, metrics=[LOSS])).settings.groups) == 2


@pytest.mark.parametrize("write", [json.dumps, str])
def test_a_param_that_holds_a_mapping_is_read_as_the_params_inside(write):
    runs = [
        run(i, config=write({"model": {"depth": depth, "name": "vit"}, "lr": lr}))
        for i, (depth, lr) in enumerate(itertools.product((2, 4), (0.1, 0.2)))
    ]
    data = data_of(study(runs, metrics=[LOSS]))
    assert data.settings.names == ("config.lr", "config.model.depth")
    assert set(found(data)) == {"config.lr 0.1 → 0.2", "config.model.depth 2 → 4"}


@pytest.mark.parametrize("text", ["{" * 4000, "{x}", '{"a":' * 900 + "1" + "}" * 900, "{}", "{1"])
def test_a_text_that_only_begins_like_a_mapping_stays_a_text(text):
    runs = [run(1.0, p=text), run(2.0, p="other")]
    assert data_of(study(runs, metrics=[LOSS])).settings.names in (("p",), ("p", "p" + ".a" * 900))


def test_a_run_whose_log_was_cut_is_no_change():
    runs = [run(float(i), x=i % 3, y=i // 3, a=1, b=2, c=3) for i in range(12)]
    for name in ("a", "b", "c"):
        del runs[7]["params"][name]
    context = study(runs, metrics=[LOSS])
    assert not any("(not set)" in name for name in found(data_of(context)))
    assert "1 configuration lacks params that all others have with one value: a, b, c" in said_of(
        context
    )
