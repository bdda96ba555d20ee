#!/usr/bin/python3
"""What udhcpc runs at every event: writes the environment it gets for a new lease to the file the test named."""

import json
import os
import pathlib
import sys

if sys.argv[1] == "bound":
    pathlib.Path(os.environ["PATRONUS_LEASE_FILE"]).write_text(json.dumps(dict(os.environ)))
