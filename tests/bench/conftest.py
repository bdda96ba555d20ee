"""Collects the measurements, prints them as a table and writes build/bench.json."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.vm.driver.netns import gain_network_rights

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "build" / "bench.json"


class Figure(NamedTuple):
    """One comparison; `theirs` is the other side of the ratio, or the goal itself where there is no other side."""

    name: str
    ours: float
    theirs: float
    unit: str
    goal: float
    better: str = "lower"

    @property
    def ratio(self) -> float:
        """Ours to theirs."""
        return self.ours / self.theirs

    def row(self) -> str:
        """The line of the table."""
        met = self.ratio <= self.goal if self.better == "lower" else self.ratio >= self.goal
        sides = f"{self.ours:>10.3f} {self.theirs:>10.3f} {self.unit:<4}"
        return f"{self.name:<52} {sides} {self.ratio:>6.2f} {self.goal:>6.2f} {'met' if met else 'MISSED'}"


def pytest_configure() -> None:
    """Before any thread exists: only then may the process move into a user namespace."""
    gain_network_rights()


@pytest.fixture(scope="session")
def figures() -> Iterator[list[Figure]]:
    """Where measurements put what they found."""
    found: list[Figure] = []
    yield found
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps([{**figure._asdict(), "ratio": round(figure.ratio, 3)} for figure in found], indent=2)
    )
    print(f"\n\n{'':<52} {'ours':>10} {'theirs':>10} {'':<4} {'ratio':>6} {'goal':>6}")
    print("\n".join(figure.row() for figure in found))
