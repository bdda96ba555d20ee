"""`python3 -m patronus`: the same as the `patronus` command."""

import sys

from patronus.cli.main import main

sys.exit(main())
