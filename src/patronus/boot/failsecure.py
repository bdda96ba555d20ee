"""What runs when the configuration cannot be used: shut the box, and put the reason on every console now.

Started when a step of the boot failed, and when going back from an unconfirmed change failed. By then nft has been
asked once to load the lockdown rules; here it is asked again, so that a refusal is known, told, and made up for. A step
that fails takes the one that waits for it along, so that this runs twice: it shuts twice and shows the reason once.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from patronus.boot.failure import make_banner, record_failure, tell_journal, write_failure
from patronus.boot.lockdown import STAYS
from patronus.host import links, units
from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.host.networkd import UNIT as NETWORKD
from patronus.host.run import CommandFailed, run
from patronus.pipeline.apply import left_over
from patronus.values.problem import Problem

_CONSOLES = Path("/sys/class/tty/console/active")


def main() -> int:
    """Shut first, then tell; gettys that start later show the reason from issue.d. Fails when the rules do."""
    layout = Layout()
    reason, problems = _read_reason(layout)
    refused = shut(layout)
    _stop_services(layout)
    # A change that waited here could not be undone any more, and nothing signed is in force.
    layout.pending.unlink(missing_ok=True)
    (layout.run / "generation").unlink(missing_ok=True)
    problems = [*refused, *(problem for problem in problems if problem not in refused)]
    banner = make_banner(reason, problems)
    if not layout.medium.exists() and not _is_shown(layout, banner):
        _show(banner)
    tell_journal(reason, refused)
    write_failure(layout, reason, problems)
    with suppress(OSError):
        write_atomically(layout.shown, banner.encode())
    return 1 if refused else 0


def _read_reason(layout: Layout) -> tuple[str, list[Problem]]:
    try:
        body = json.loads(layout.failure.read_bytes())
        return body["reason"], [Problem(*fields) for fields in body["problems"]]
    except (OSError, ValueError, LookupError, TypeError):
        reason, message = "the configuration was not reached", "a step before the configuration did not finish"
        if layout.pending.exists():
            reason, message = "going back failed", "the program that goes back was ended again and again"
        problem = Problem("", message, "see: systemctl --failed, journalctl -b -p err")
        record_failure(layout, reason, [problem])
        return reason, [problem]


def shut(layout: Layout) -> list[Problem]:
    """Close every network path: by the lockdown rules, and when nft refuses them by taking the cards down.

    Returns what refused; empty when the rules are in force.
    """
    try:
        run("nft", "-f", str(layout.vendor / "lockdown.nft"))
    except CommandFailed as error:
        hint = "the network cards are switched off instead; see: journalctl -b -u patronus-failsecure"
        refused = Problem("", f"the firewall cannot be closed: {error.output or error}", hint)
        return [refused, *_cut_off()]
    return []


def _stop_services(layout: Layout) -> None:
    """End what the document started: raw sockets, as DHCP has them, see packets that no rule of nft sees."""
    served = [unit.name for unit in left_over(layout).units if unit.name not in STAYS]
    if served:
        with suppress(CommandFailed):
            units.change_units("stop", served, wait=False)


def _cut_off() -> list[Problem]:
    """Take every card down, and whoever would bring it up again. Returns the cards that stay up."""
    with suppress(CommandFailed):
        units.change_units("stop", [NETWORKD.replace(".service", ".socket"), NETWORKD])
    try:
        nics = links.list_nics()
    except (CommandFailed, ValueError) as error:
        return [Problem("", f"the network cards cannot be listed: {error}", "pull their cables")]
    problems = []
    for nic in nics:
        try:
            run("ip", "link", "set", "dev", nic.name, "down")
        except CommandFailed as error:
            problems.append(
                Problem("", f"{nic.name} cannot be switched off: {error.output or error}", "pull its cable")
            )
    return problems


def _is_shown(layout: Layout, banner: str) -> bool:
    with suppress(OSError):
        return layout.shown.read_bytes() == banner.encode()
    return False


def _show(banner: str) -> None:
    """Write to the consoles the kernel uses."""
    text = "\r\n".join(banner.split("\n"))
    for name in _CONSOLES.read_text().split():
        with suppress(OSError), os.fdopen(os.open(f"/dev/{name}", os.O_WRONLY | os.O_NOCTTY), "w") as console:
            console.write(text)


if __name__ == "__main__":
    sys.exit(main())
