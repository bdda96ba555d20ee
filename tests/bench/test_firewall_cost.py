"""What a change of rules costs: plan, compile, check and load, against nothing but loading the same output."""

import json
import subprocess
import sys

import pytest
from tests.bench.conftest import REPOSITORY, Figure


@pytest.mark.parametrize("rules", [1000, 10000])
def test_a_rule_change_against_bare_nft(rules: int, figures: list[Figure]) -> None:
    argv = ["unshare", "--net", sys.executable, "-m", "tests.bench.reload", str(rules)]
    environment = {"PATH": "/usr/sbin:/usr/bin", "PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    name = f"CPU to compile, check and load {rules} rules / nft -f"
    figures.append(Figure(name, found["ours"], found["theirs"], "s", goal=1.5))
