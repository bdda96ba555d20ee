"""What is started in the sandbox ends with the program that started it."""

from __future__ import annotations

import os
import select
import subprocess
import sys

from patronus_builder.cache import REPOSITORY

CODE = "from patronus_builder.sandbox import run_in_sandbox; run_in_sandbox(['sh', '-c', 'echo $$; exec sleep 600'])"


def test_what_was_started_ends_with_a_builder_that_is_killed() -> None:
    inside = os.environ | {"MKOSI_IN_BOX": "1", "PYTHONPATH": str(REPOSITORY / "src")}
    with subprocess.Popen([sys.executable, "-c", CODE], env=inside, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        started = os.pidfd_open(int(builder.stdout.readline()))
        try:
            builder.kill()
            assert select.select([started], [], [], 60)[0], "it ended, as its pidfd says (pidfd_open(2))"
        finally:
            os.close(started)
