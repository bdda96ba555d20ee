"""Every case of every feature renders to exactly the tree kept beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.golden import assert_golden, render_document

CASES = sorted(Path(__file__).parent.glob("*/cases/*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_case_renders_to_its_golden_tree(case: Path) -> None:
    assert_golden(render_document(case), case.with_suffix(".tree"))
