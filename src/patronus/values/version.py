"""Versions other parts compare with."""

SCHEMA_VERSION = 1
"""The newest version of the document this program reads; it also reads every older one."""
