"""Boot step 1: find, verify and choose the generation. Writes it to /run/patronus/chosen for the next step."""

from __future__ import annotations

import json
import shutil
import sys

from patronus.boot.choose import Choice, choose
from patronus.boot.failure import printable, record_failure
from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.host.trust import TrustsNobody
from patronus.values.problem import Problem, Refused


def main() -> int:
    """Run as a unit: the exit code decides between patronus-apply and failing secure."""
    layout = Layout()
    shutil.rmtree(layout.chosen, ignore_errors=True)  # nothing of an earlier choice must be there when this one fails
    try:
        choice = choose(layout)
    except TrustsNobody as nobody:
        write_atomically(layout.no_trust, b"")  # the consoles offer enrolment instead of a login
        return record_failure(layout, "this box trusts nobody yet", nobody.problems)
    except Refused as refused:
        return record_failure(layout, "no configuration can be trusted", refused.problems)
    except Exception as error:
        return record_failure(
            layout, "choosing a configuration failed", [Problem("", repr(error), "see: journalctl -b -u patronus-load")]
        )
    write_choice(layout, choice)
    for problem in choice.passed_over:
        print(f"<4>passed over: {printable(str(problem))}", file=sys.stderr)
    signers = ", ".join(signer.name for signer in choice.verified.signers)
    print(f"generation {choice.record.generation} by {choice.record.author}, signed by {signers}")
    return 0


def write_choice(layout: Layout, choice: Choice) -> None:
    """Hand the verified members over to the step that parses them."""
    members = layout.chosen / "members"
    for name, content in choice.verified.members.items():
        write_atomically(members / name, content, 0o600)
    write_atomically(layout.chosen / "bundle", choice.bundle, 0o600)
    body = {
        "record": choice.record._asdict(),
        "delivered": choice.delivered,
        "rotates": choice.rotates,
        "rendered": choice.verified.rendered,
        "editors": choice.verified.manifest.local_edits,
    }
    write_atomically(layout.chosen / "record.json", json.dumps(body).encode(), 0o600)


if __name__ == "__main__":
    sys.exit(main())
