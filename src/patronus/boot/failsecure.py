"""Boot step when the configuration cannot be used: put the reason on every console now, not only at the next prompt."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from patronus.boot.failure import record_failure
from patronus.host.layout import Layout
from patronus.values.problem import Problem


def main() -> int:
    """Write the banner to the consoles the kernel uses; gettys that start later show it from issue.d."""
    layout = Layout()
    if not layout.failure.exists():
        hint = "see: systemctl --failed, journalctl -b -p err"
        problem = Problem("", "a step before the configuration did not finish", hint)
        record_failure(layout, "the configuration was not reached", [problem])
    banner = (layout.root / "run/issue.d/50-patronus.issue").read_text().replace("\\\\", "\\").replace("\n", "\r\n")
    for name in Path("/sys/class/tty/console/active").read_text().split():
        with suppress(OSError), os.fdopen(os.open(f"/dev/{name}", os.O_WRONLY | os.O_NOCTTY), "w") as console:
            console.write(banner)
    return 0


if __name__ == "__main__":
    sys.exit(main())
