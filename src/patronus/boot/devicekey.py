"""Boot step of the first boot: the box makes the key it signs local edits with (`patronus edit`)."""

from __future__ import annotations

import sys

from patronus.host import devicekey
from patronus.host.layout import Layout
from patronus.values.problem import Refused


def main() -> int:
    """Run as a unit. A box without a key does all but sign: its owners' bundles count as ever."""
    layout = Layout()
    try:
        devicekey.make(layout)
        key = devicekey.read(layout)
    except Refused as refused:
        print(f"<3>no key for local edits: {refused}", file=sys.stderr)
        return 1
    where = "sealed by the TPM" if key.sealed else "in plain on the state partition"
    print(f"the key of this box is {key.public.fingerprint}, {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
