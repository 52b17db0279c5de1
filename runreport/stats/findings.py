"""What a reader must be told about a comparison: a name, a code and the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FindingName = Literal[
    "N1_NO_INFERENCE",
    "N_TOO_SMALL",
    "LOW_POWER",
    "UNATTAINABLE_ALPHA",
    "ZERO_VARIANCE",
    "DUPLICATE_RUNS",
    "MISSING_RUNS",
    "UNMATCHED_PAIRS",
    "MULTIPLICITY",
    "POSSIBLE_COLLAPSE",
    "NEGLIGIBLE",
    "INCONCLUSIVE",
    "TESTS_DISAGREE",
    "TEST_FAILED",
    "BEST_OF_CHECKPOINTS",
    "DIRECTION_GUESSED",
    "NO_GOAL",
    "DEPENDENT_FOLDS",
    "NOT_COMPARABLE",
    "UNEQUAL_BUDGET",
    "UNEQUAL_TUNING",
    "SELECTED_ON_TEST",
    "CLUSTERED",
    "PSEUDO_REPLICATION",
    "PEEKING",
    "SRM",
    "POSTHOC_NO_PAIR",
    "FEW_DATASETS",
    "SMALL_DISCORDANT",
    "NO_DISCORDANT",
    "RANK_POOL",
    "METHOD_OVERRIDDEN",
]

CODES: Mapping[FindingName, str] = MappingProxyType(
    {
        "N1_NO_INFERENCE": "RR401",
        "N_TOO_SMALL": "RR402",
        "LOW_POWER": "RR403",
        "UNATTAINABLE_ALPHA": "RR404",
        "ZERO_VARIANCE": "RR405",
        "DUPLICATE_RUNS": "RR406",
        "MISSING_RUNS": "RR407",
        "UNMATCHED_PAIRS": "RR408",
        "MULTIPLICITY": "RR409",
        "POSSIBLE_COLLAPSE": "RR410",
        "NEGLIGIBLE": "RR411",
        "INCONCLUSIVE": "RR412",
        "TESTS_DISAGREE": "RR413",
        "TEST_FAILED": "RR414",
        "BEST_OF_CHECKPOINTS": "RR415",
        "DIRECTION_GUESSED": "RR416",
        "NO_GOAL": "RR417",
        "DEPENDENT_FOLDS": "RR418",
        "NOT_COMPARABLE": "RR419",
        "UNEQUAL_BUDGET": "RR440",
        "UNEQUAL_TUNING": "RR441",
        "SELECTED_ON_TEST": "RR442",
        "CLUSTERED": "RR443",
        "PSEUDO_REPLICATION": "RR444",
        "PEEKING": "RR445",
        "SRM": "RR446",
        "POSTHOC_NO_PAIR": "RR447",
        "FEW_DATASETS": "RR448",
        "SMALL_DISCORDANT": "RR449",
        "NO_DISCORDANT": "RR450",
        "RANK_POOL": "RR451",
        "METHOD_OVERRIDDEN": "RR452",
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before believing a number."""

    name: FindingName
    words: str
    """A whole sentence."""

    @property
    def code(self) -> str:
        """What `runreport explain` takes."""
        return CODES[self.name]
