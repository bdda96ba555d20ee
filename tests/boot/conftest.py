"""The box these tests are about."""

from tests.box import alice, box, mallory, plugged, system

__all__ = ["alice", "box", "mallory", "plugged", "system"]
