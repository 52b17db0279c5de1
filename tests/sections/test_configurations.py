"""What tells configurations apart: which params count, and which of their values are equal."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from runreport.design import Metric
from runreport.registry import SECTIONS
from runreport.sections import configurations, identities
from runreport.spec.expressions import Expression
from tests import reading
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
     "trainer.default_root_dir", "num_workers", "git_commit", "cfg.random_seed", "timestamp",
     "runName", "random_state", "log.path", "gpu_id", "gpu_name", "torch_version",
     "eval_data_hash"],
)  # fmt: skip
def test_params_about_the_run_are_left_out_by_name(name):
    runs = [run(i, x=i % 2, **{name: f"v{i}"}) for i in range(4)]
    assert data_of(study(runs, metrics=[LOSS])).settings.names == ("x",)
    assert name in data_of(study(runs, metrics=[LOSS]), keep=(name,)).settings.names


@pytest.mark.parametrize(
    "name",
    [
        "optimizer.name",
        "lora_rank",
        "rank",
        "time_steps",
        "data_path",
        "log_scale",
        "port_in",
        "model.dropout",
        "weightDecay",
        "dataset",
        "train_data_hash",
        "log.scale",
    ],
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


def test_a_run_whose_log_was_cut_is_the_configuration_of_what_it_logged():
    runs = [run(float(i), x=i % 3, y=i // 3, a=1, b=2, c=3) for i in range(12)]
    for name in ("a", "b", "c"):
        del runs[7]["params"][name]
    context = study(runs, metrics=[LOSS])
    assert not any("(not set)" in name for name in found(data_of(context)))
    assert len(configurations.read(context).groups) == 12
    assert (
        "a, b, c tell no configurations apart (a guess: 1 run lacks them at once, all others have "
        "one value each, so the log of run-7 may have been cut)." in said_of(context)
    )
    kept = configurations.read(context, keep=("a", "b", "c"))
    assert kept.names == ("a", "b", "c", "x", "y")


def test_params_that_one_value_of_another_takes_away_are_no_cut_log():
    runs = [run(float(i), x=i, kind="adam" if i % 2 else "sgd") for i in range(12)]
    for own in runs[1::2]:
        own["params"] |= {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
    names = configurations.read(study(runs, metrics=[LOSS])).names
    assert {"beta1", "beta2", "eps"} <= set(names)


def test_a_word_of_its_own_in_nearly_every_run_names_it():
    words = [f"{first}-{second}" for first in ("bold", "calm", "dry", "kind") for second in "abcde"]
    runs = [run(float(i), lr=i % 4, nick=word) for i, word in enumerate(words)]
    context = study(runs, metrics=[LOSS])
    assert configurations.read(context).names == ("lr",)
    assert (
        "nick tells no configurations apart (a guess: nearly every run has a word of its own"
        in (said_of(context))
    )


@pytest.mark.parametrize("write", ["({}, 50)".format, "[{}]".format, "say {} twice".format, str])
def test_lists_sentences_and_numbers_are_values_however_many_there_are(write):
    runs = [run(float(i), lr=i % 4, layers=write(i)) for i in range(20)]
    assert configurations.read(study(runs, metrics=[LOSS])).names == ("layers", "lr")


def test_what_the_groups_are_made_by_is_a_setting_whatever_its_name():
    runs = [run(float(i), host=f"gpu{i % 2}") for i in range(4)]
    assert configurations.read(study(runs, metrics=[LOSS])).names == ()
    grouped = study(runs, by=("params.host",), metrics=[LOSS])
    assert configurations.read(grouped).names == ("host",)


def test_what_is_empty_is_not_set():
    runs = [run(1.0, warmup="", lr=1), run(2.0, lr=1), run(3.0, warmup=" ", lr=2)]
    settings = configurations.read(study(runs, metrics=[LOSS]))
    assert settings.names == ("lr",)
    assert settings.of_run.tolist() == [0, 0, 1]


def test_settings_are_params_that_differ_but_for_replicates_names_and_places():
    runs = [
        {"name": f"r{i}", "params": {
            "lr": i % 3, "same": 1, "equal": ["0.1", "1e-1"][i % 2], "fold": i % 4,
            "log_dir": f"runs/{i}", "note": f"word {i}", "optimizer": "ab"[i % 2],
        }}
        for i in range(24)
    ]  # fmt: skip
    assert configurations.read(study(runs, replicates="fold")).names == ("lr", "optimizer")


def test_runs_are_together_where_every_setting_agrees():
    runs = [{"name": f"r{i}", "params": {"lr": lr, "seed": i}}
            for i, lr in enumerate(["0.1", "1e-1", "0.2", "0.1"])]  # fmt: skip
    codes = configurations.read(study(runs, replicates="seed")).of_run
    assert configurations.together(codes, [0, 1, 2, 3]) == ((0, 1, 3), (2,))
    assert configurations.together(codes, [3, 2]) == ((3,), (2,))
    (means,) = configurations.means_of(
        codes, np.array([0, 2, 3]), np.array([1.0, math.nan, 5.0, 3.0])
    )
    assert means.tolist() == [2, 5]


def odd_runs():
    """48 runs of 16 configurations: seeds, copies of notations, a mapping, names and a cut log."""
    rng = np.random.default_rng(5)
    runs = []
    for place, (lr, width, kind) in enumerate(
        itertools.product(("0.1", "1e-2", "0.001", "1e-4"), (16, 64), ("a", "b"))
    ):
        for seed in range(3):
            text = str(float(np.float32(lr))) if seed == 1 else lr
            params = {
                "lr": text,
                "cfg": json.dumps({"width": width, "deep": {"on": True}}),
                "kind": kind,
                "seed": seed,
                "run_name": f"run {place} {seed}",
                "log_dir": f"logs/{place}/{seed}",
                "one": 1, "two": 2, "three": 3,
            }  # fmt: skip
            if place == 4 and seed == 2:
                for name in ("one", "two", "three"):
                    del params[name]
            metrics = {METRIC: float(rng.normal(place, 0.1)), "loss": float(rng.normal(-place))}
            runs.append({"name": f"n{place}{seed}", "params": params, "metrics": metrics})
    return runs


def test_every_section_counts_the_same_configurations_and_says_alike_what_was_left_out():
    made = study(odd_runs(), replicates="seed", metrics=[ACCURACY, Metric("loss", goal="minimize")])
    assert len(configurations.read(made).groups) == 16
    said, data = {}, {}
    for name in SECTIONS_WITH_CONFIGURATIONS:
        section = SECTIONS[name]
        options = section.options()
        if name == "pareto":
            options = section.options(metrics=(Expression(METRIC), Expression("loss")))
        data[name] = section.compute(made, options)
        said[name] = reading.said(section.present(data[name], options))
    counts = {
        "ablation": len(data["ablation"].settings.groups),
        "importance": data["importance"].n,
        "search": data["search"].found.n,
        "pareto": len(data["pareto"].frontier.points),
        "heatmap": sum(tile.configurations for tile in data["heatmap"].tiling.tiles),
        "slice": max(cut.configurations for cut in data["slice"].cuts),
        "matrix": max(pairing.n for pairing in data["matrix"].found.pairings),
    }
    assert counts == dict.fromkeys(counts, 16)
    for sentence in identities.words(configurations.read(made).left_out):
        assert [name for name, own in said.items() if sentence not in own] == []


SECTIONS_WITH_CONFIGURATIONS = (
    "ablation", "contour", "heatmap", "importance", "matrix", "pareto", "search", "slice",
)  # fmt: skip
