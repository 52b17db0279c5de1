"""The source `sklearn` against searches that scikit-learn made here."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.tree import DecisionTreeClassifier

from runreport.errors import SourceError
from tests.sources.folder_stores import facts, found_at, read, write

DATA, LABELS = make_classification(n_samples=60, random_state=0)
GRID = [{"max_depth": [1, 3], "criterion": ["gini"]}, {"max_depth": [2], "ccp_alpha": [0.0, 0.01]}]


@pytest.fixture(scope="module")
def search() -> dict[str, Any]:
    """Two scorers on four splits."""
    made = GridSearchCV(
        DecisionTreeClassifier(random_state=0),
        GRID,
        cv=4,
        scoring=["accuracy", "f1"],
        refit=False,
        return_train_score=True,
    )
    results: dict[str, Any] = made.fit(DATA, LABELS).cv_results_
    return results


def lists(results: dict[str, Any]) -> dict[str, Any]:
    return {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in results.items()}


def save(results: dict[str, Any], path: Path) -> Path:
    """The ways people write results."""
    frame = pandas.DataFrame(results)
    if path.suffix == ".csv":
        frame.to_csv(path, index=path.stem != "bare")
    elif path.stem == "lists":
        write(path, lists(results))
    else:
        frame.drop(columns=["params"]).to_json(path, orient=path.stem, double_precision=15)
    return path


NAMES = ("cv.csv", "bare.csv", "lists.json", "records.json", "columns.json", "split.json")


@pytest.mark.parametrize("name", NAMES)
def test_every_score_of_every_split_is_read_however_it_was_saved(search, tmp_path, name) -> None:
    path = save(search, tmp_path / name)
    assert found_at("sklearn", path) == {"sklearn": name}
    assert found_at("sklearn", tmp_path) == {"sklearn": name}
    store = read("sklearn", path)
    assert len(store.runs) == 4 * 4
    for candidate in range(4):
        for fold in range(4):
            run = store.runs[f"candidate-{candidate}/fold-{fold}"]
            assert set(run.metrics) == {"test_accuracy", "test_f1", "train_accuracy", "train_f1"}
            for metric in run.metrics:
                # pandas' JSON has at most 15 digits
                expected = search[f"split{fold}_{metric}"][candidate]
                assert run.metrics[metric].last == pytest.approx(expected, rel=1e-14)
            expected_params = {**search["params"][candidate], "fold": fold}
            assert set(run.params) == set(expected_params)
            for param, value in expected_params.items():
                shown = run.params[param]
                assert shown.text == value or shown.number == value
            assert run.status == "finished"


def test_candidates_have_the_means_of_the_search(search, tmp_path) -> None:
    store = read("sklearn", save(search, tmp_path / "cv.csv"), unit="candidate")
    assert len(store.runs) == 4
    for candidate in range(4):
        metrics = store.runs[f"candidate-{candidate}"].metrics
        assert not any("rank" in name for name in metrics)
        for name in ("mean_test_f1", "std_train_accuracy", "mean_fit_time", "std_score_time"):
            assert metrics[name].last == search[name][candidate]
        assert set(store.runs[f"candidate-{candidate}"].params) == set(search["params"][candidate])


def test_the_share_of_the_data_in_a_split_is_told(search, tmp_path) -> None:
    (note,) = read("sklearn", save(search, tmp_path / "cv.csv")).problems
    assert (note.code, note.severity) == ("RR379", "note")
    assert "0.25 of the data" in note.message


@pytest.mark.parametrize("name", ["cv.csv", "lists.json", "records.json"])
def test_a_score_that_could_not_be_computed_is_nan(tmp_path, name: str) -> None:
    grid = {"strategy": ["most_frequent", "constant"], "constant": [7]}
    with pytest.warns(UserWarning, match="fits failed|non-finite"):
        made = GridSearchCV(DummyClassifier(), grid, cv=2, refit=False).fit(DATA, LABELS)
    store = read("sklearn", save(made.cv_results_, tmp_path / name))
    scores = {
        (run.params["strategy"].text, run.params["fold"].text): run.metrics["test_score"].last
        for run in store.tables.rows
    }
    assert [math.isnan(scores["constant", fold] or 0) for fold in "01"] == [True, True]
    assert [scores["most_frequent", fold] for fold in "01"] == [0.5, 0.5]


def test_folds_of_cross_validation_are_one_candidate_with_times(tmp_path) -> None:
    found = cross_validate(DecisionTreeClassifier(random_state=0), DATA, LABELS, cv=3)
    pandas.DataFrame(found).to_csv(tmp_path / "cross.csv")
    store = read("sklearn", tmp_path / "cross.csv")
    assert [run.metrics["test_score"].last for run in store.tables.rows] == list(
        found["test_score"]
    )
    assert [run.metrics["fit_time"].last for run in store.tables.rows] == list(found["fit_time"])
    assert [run.params["fold"].text for run in store.tables.rows] == ["0", "1", "2"]


def test_files_of_one_folder_are_one_store_with_names_of_their_own(search, tmp_path) -> None:
    save(search, tmp_path / "a.csv")
    save(search, tmp_path / "lists.json")
    write(tmp_path / "other.csv", "x,y\n1,2\n")
    write(tmp_path / "package.json", "{}")
    assert found_at("sklearn", tmp_path) == {"sklearn": "."}
    store = read("sklearn", tmp_path)
    assert len(store.runs) == 32
    assert "a/candidate-0/fold-0" in store.runs
    assert {run.experiment for run in store.tables.rows} == {"a", "lists"}


def test_a_table_of_something_else_is_not_taken_for_a_search(tmp_path) -> None:
    for text in ("model,test_score\na,1\n", "mean_time,std\n1,2\n", ""):
        write(tmp_path / "table.csv", text)
        assert found_at("sklearn", tmp_path / "table.csv") is None
    assert found_at("sklearn", tmp_path) is None


BROKEN = {
    "empty.csv": b"",
    "nothing.csv": b"mean_fit_time,std_fit_time\n1,2\n",
    "bytes.csv": b"\xff\xfe\x00",
    "text.json": b'"x"',
    "ragged.json": b'{"mean_fit_time": [1], "split0_test_score": [1, 2]}',
    "deep.json": b"[" * 100_000,
    "rows.json": b"[1, 2]",
    "null.json": b"null",
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_is_no_table_of_results_is_refused(tmp_path, name: str) -> None:
    write(tmp_path / name, BROKEN[name])
    with pytest.raises(SourceError, match="RR371"):
        read("sklearn", tmp_path / name)


def test_broken_rows_and_cells_are_named_and_the_rest_is_read(tmp_path) -> None:
    text = 'mean_fit_time,param_a,split0_test_score\n1,x,0.5\n1,y\n1,z,oops\n1,w,1e999\n1,v,"0.25\n'
    store = read("sklearn", write(tmp_path / "cv.csv", text))
    scores = {run.params["a"].text: run.metrics for run in store.tables.rows}
    assert scores["x"]["test_score"].last == 0.5
    assert scores["w"]["test_score"].last == math.inf
    assert scores["z"] == {}
    assert store.codes() == {"RR373", "RR375"}


@settings(max_examples=50)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_with_a_problem(search, data, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = save(search, folder / data.draw(st.sampled_from(["cv.csv", "lists.json"])))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    junk = data.draw(st.sampled_from([b"", b"\0", b'"', b"\xff", b"\n", b",,,", b"1e999", b"[[[{"]))
    kept = data.draw(st.sampled_from([b"", content[at:], content[at + 40 :]]))
    path.write_bytes(content[:at] + junk + kept)
    try:
        store = read("sklearn", path)
    except SourceError:
        return
    untouched = kept == content[at:] and not junk
    assert len(store.runs) <= 16
    assert len(store.runs) == 16 or not untouched


def test_a_second_build_says_the_same(search, tmp_path) -> None:
    path, cache = save(search, tmp_path / "cv.csv"), tmp_path / "cache"
    first = facts(read("sklearn", path, cache))
    assert facts(read("sklearn", path, cache)) == first
    rows = json.loads(json.dumps(lists(search)))
    rows["split0_test_f1"][0] = 0.123
    pandas.DataFrame(rows).to_csv(path)
    again = read("sklearn", path, cache)
    assert again.runs["candidate-0/fold-0"].metrics["test_f1"].last == 0.123
    assert facts(again) == facts(read("sklearn", path)) != first
