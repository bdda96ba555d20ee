"""Versions other parts compare with."""

VERSION = "0.1.0"
"""Of this program, and of an image unless its maker says otherwise."""
SCHEMA_VERSION = 1
"""The newest version of the document this program reads; it also reads every older one."""
