"""SMBIOS type 11 strings: the way to hand an unchanged image extra kernel arguments and systemd credentials.

systemd-stub(7) reads the kernel arguments, systemd.exec(5) and systemd.system-credentials(7) describe the credentials.
"""

import base64
from collections.abc import Mapping, Sequence

# Found by measuring: most of the time from power-on to a shell is saved by not verifying every cipher again, and by not
# paying for mitigations that protect nothing inside an emulated machine.
QUICK_KERNEL_ARGUMENTS = (
    "quiet",
    "systemd.show_status=no",
    "mitigations=off",
    "cryptomgr.notests",
    "lsm=capability",
)


def kernel_arguments_string(arguments: Sequence[str]) -> str:
    """The string that makes systemd-stub append these arguments to the kernel command line of the UKI."""
    return "io.systemd.stub.kernel-cmdline-extra=" + " ".join(arguments)


def credential_string(name: str, content: bytes) -> str:
    """The string that gives PID 1 a system credential of this name."""
    if not name or any(character in name for character in "=:/\n"):
        raise ValueError(f"not a credential name: {name!r}")
    return f"io.systemd.credential.binary:{name}={base64.b64encode(content).decode()}"


def type11_strings(kernel_arguments: Sequence[str], credentials: Mapping[str, bytes]) -> list[str]:
    """All strings of one machine."""
    strings = [credential_string(name, content) for name, content in sorted(credentials.items())]
    if kernel_arguments:
        strings.append(kernel_arguments_string(kernel_arguments))
    return strings
