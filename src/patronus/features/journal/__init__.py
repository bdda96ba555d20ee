"""The system journal: what is kept of the logs, and for how long."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.journal.plan import check, plan
from patronus.features.journal.schema import Journal

FEATURE = Feature(key="journal", title="Journal", schema=Journal, plan=plan, check=check, default=True)
