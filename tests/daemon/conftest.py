"""The box these tests are about."""

from tests.box import alice, box, mallory, plugged, system
from tests.daemon.edited import edited, unowned

__all__ = ["alice", "box", "edited", "mallory", "plugged", "system", "unowned"]
