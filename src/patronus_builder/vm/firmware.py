"""Finds the UEFI firmware: the read-only code and the template of the variables."""

from dataclasses import dataclass
from pathlib import Path

# Debian and Ubuntu, in the order of preference; 4M is the only size that newer releases ship.
CANDIDATES = (
    ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    ("OVMF_CODE.fd", "OVMF_VARS.fd"),
)


@dataclass(frozen=True)
class Firmware:
    """Two pflash images; `variables` is a template which every machine copies."""

    code: Path
    variables: Path


def find_firmware(folder: Path = Path("/usr/share/OVMF")) -> Firmware:
    """The first firmware that is installed; raises FileNotFoundError which names the package."""
    for code, variables in CANDIDATES:
        if (folder / code).exists() and (folder / variables).exists():
            return Firmware(folder / code, folder / variables)
    raise FileNotFoundError(f"no UEFI firmware in {folder}: install the package ovmf, or run this in the tools tree")
