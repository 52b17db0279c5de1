"""Arrow columns agree with pyarrow's own conversions, which this avoids for pandas' sake."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.columns import column, masked, numbers, seconds, values

TIME = pa.timestamp("us", tz="UTC")
KINDS = {
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    "float": (pa.float64(), st.floats(allow_nan=False)),
    "int": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "bool": (pa.bool_(), st.booleans()),
    "time": (TIME, st.datetimes(timezones=st.just(UTC))),
}


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_a_column_is_the_one_that_pyarrow_makes(name, data):
    kind, plain = KINDS[name]
    given_values = data.draw(st.lists(st.none() | plain, max_size=20))
    ours = column(given_values, kind)
    ours.validate(full=True)
    assert ours.equals(pa.array(given_values, kind))
    assert values(ours) == given_values


def test_nan_is_a_value_and_none_is_null():
    made = column([1.0, None, float("nan")], pa.float64())
    assert made.null_count == 1
    assert np.isnan(values(made)[2])


def test_masked_numbers_are_null_where_they_are_missing():
    us = np.array([0, 1_000_000, 2_000_000])
    made = masked(us, np.array([False, True, False]), TIME)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert values(made) == [start, None, start + timedelta(seconds=2)]


def test_seconds_are_nan_where_there_is_no_time():
    start = datetime(1970, 1, 1, tzinfo=UTC)
    made = column([start + timedelta(seconds=1.5), None, start, None, start], TIME)
    assert seconds(made)[0] == 1.5
    assert np.isnan(seconds(made)).tolist() == [False, True, False, True, False]
    assert np.isnan(seconds(made.slice(1, 3))).tolist() == [True, False, True]
    assert seconds(pa.chunked_array([made.slice(0, 1), made.slice(2)]))[[0, 1]].tolist() == [1.5, 0]


def test_numbers_come_out_of_chunks_and_slices():
    chunks = pa.chunked_array([column([1.0, 2.0], pa.float64()), column([3.0], pa.float64())])
    assert numbers(chunks).tolist() == [1, 2, 3]
    assert numbers(chunks.slice(1)).tolist() == [2, 3]
    with pytest.raises(ValueError, match="nulls"):
        numbers(column([1.0, None], pa.float64()))


def test_no_conversion_imports_pandas():
    script = """
import sys, numpy as np, pyarrow as pa
from runreport.columns import column, numbers, values
from runreport.tables import RunTables
column(["a", None], pa.string()); numbers(column(np.zeros(3), pa.float64()))
RunTables.from_rows(params=[("r", "p", "1")]).rows
sys.exit("pandas" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
