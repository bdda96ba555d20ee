"""Boots a disk image in QEMU: at a terminal for people, driven by an agent for tests. Standard library only."""
