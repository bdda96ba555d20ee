"""A box in a folder: see tests/box.py."""

from tests.box import alice, box, mallory, system

__all__ = ["alice", "box", "mallory", "system"]
