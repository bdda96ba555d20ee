"""Immutable values every part shares; `problem`, `fragments` and `manifest` need the standard library only."""
