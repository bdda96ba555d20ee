"""Follows the lease file and keeps Unbound's records of leases: `python3 -m patronus.leases`.

Records go to a file that Unbound includes, so that they survive its restart, and at once to the running Unbound through
unbound-control(8). The settings are `/run/patronus/current/etc/patronus/leases.json`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

from patronus.leases.follow import FollowedFile, list_older_files, read_finished
from patronus.leases.names import Settings, choose_names, list_owners, next_end, write_records
from patronus.leases.table import LeaseTable

SETTINGS = Path("/run/patronus/current/etc/patronus/leases.json")
NAMES = Path("/run/patronus-leases/names.conf")
INTERVAL = 1.0
"""Seconds between looks at the file; a look is two system calls."""
PAUSE = 10.0
"""Seconds between attempts while Unbound does not answer."""


class Resolver:
    """What Unbound knows about leases, and the way to change it."""

    def __init__(self, domain: str, names_file: Path) -> None:
        self.domain = domain
        self.names_file = names_file
        self.known = _read_names(names_file, domain)
        self.is_known = False
        """False until Unbound was told everything once: this program and Unbound may have restarted independently."""
        self.next_attempt = 0.0

    def update(self, names: dict[str, str]) -> None:
        """Write the names and tell Unbound what changed; a failure is tried again later."""
        if (names == self.known and self.is_known) or time.monotonic() < self.next_attempt:
            return
        self._write(write_records(names, self.domain))
        same = {label for label, address in names.items() if self.is_known and self.known.get(label) == address}
        gone = self.known.keys() - same
        new = {label: address for label, address in names.items() if label not in same}
        told = self._tell("local_datas_remove", list_owners(self.known, gone, self.domain))
        if told and self._tell("local_datas", write_records(new, self.domain)):
            self.known, self.is_known = names, True
        else:
            self.next_attempt = time.monotonic() + PAUSE

    def _write(self, records: list[str]) -> None:
        content = "".join(f"local-data: '{record}'\n" for record in records)
        draft = self.names_file.with_suffix(".new")
        draft.write_text(f"server:\n{content}")
        draft.rename(self.names_file)

    def _tell(self, verb: str, lines: list[str]) -> bool:
        if not lines:
            return True
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(["unbound-control", verb], input=text, text=True, capture_output=True, check=False)
        if done.returncode:
            print(f"unbound-control {verb}: {done.stdout}{done.stderr}".strip(), file=sys.stderr, flush=True)
        return done.returncode == 0


def _read_names(path: Path, domain: str) -> dict[str, str]:
    """Return what an earlier run wrote: label -> address."""
    try:
        content = path.read_text()
    except FileNotFoundError:
        return {}
    found = re.findall(
        rf"^local-data: '([a-z0-9-]+)\.{re.escape(domain)}\. \d+ IN A ([0-9.]+)'$", content, re.MULTILINE
    )
    return dict(found)


def main() -> None:
    """Run until the service is stopped."""
    raw = json.loads(SETTINGS.read_bytes())
    settings = Settings(raw["domain"], frozenset(raw["taken"]), frozenset(raw["addresses"]))
    path = Path(raw["leases"])
    table, resolver = LeaseTable(), Resolver(settings.domain, NAMES)
    for older in list_older_files(path):
        table.feed(read_finished(older))
    followed = FollowedFile(path)
    names = resolver.known
    deadline = 0.0
    while True:
        lines = followed.read_lines()
        now = time.time()
        table.feed(lines)
        if lines or now >= deadline:
            names = choose_names(table.leases.values(), settings, now, names)
            deadline = next_end(table.leases.values(), now)
        resolver.update(names)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main()
