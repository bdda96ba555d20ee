"""Measurements of `make bench`: each prints both sides of a ratio from one run and asserts no time."""
