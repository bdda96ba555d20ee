"""Builds, assembles and runs the appliance image on a workstation; standard library only."""

import sys

# Here, before a module that an older interpreter cannot even read: what runs this is whatever python3 the host has.
if sys.version_info < (3, 11):  # noqa: UP036
    version = ".".join(map(str, sys.version_info[:3]))
    sys.exit(f"error: Python 3.11 or later is needed, this is {version}\n  try: make PYTHON=python3.11 ...")
