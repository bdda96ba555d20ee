"""What thousands of faults in one document cost: a time in proportion to their number, for every kind of fault."""

import time
from collections.abc import Callable
from typing import Any

from tests.bench.conftest import Figure
from tests.documents import problems_of
from tests.pipeline.test_many_faults import DOCUMENTS

FEW, TIMES = 1000, 8


def take_time(document: dict[str, Any]) -> float:
    """Seconds of processor time to tell every fault."""
    begin = time.process_time()
    problems_of(document)
    return time.process_time() - begin


def test_faults_take_a_time_in_proportion(figures: list[Figure]) -> None:
    def measure(make: Callable[[int], dict[str, Any]]) -> tuple[float, float]:
        take_time(make(10))  # loads and compiles
        return take_time(make(FEW * TIMES)), TIMES * take_time(make(FEW))

    pairs = [measure(make) for make, _ in DOCUMENTS.values()]
    many, few = max(pairs, key=lambda pair: pair[0] / pair[1])
    assert few > 0
    figures.append(
        Figure(f"CPU to tell {FEW * TIMES} faults / {TIMES} times {FEW}, worst kind", many, few, "s", goal=2.5)
    )
