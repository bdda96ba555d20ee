"""The box these tests are about."""

from tests.box import alice, box, mallory, system

__all__ = ["alice", "box", "mallory", "system"]
