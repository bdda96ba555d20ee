"""Limits that both sides of an operation know."""

MAX_SERIAL = 2**53 - 1
"""Of a bundle, from 1: the largest whole number every JSON reader keeps exactly."""
MAX_CONFIRM = 86400
"""Seconds; a change that waits longer than a day for its confirmation is forgotten by everyone but the timer."""
DEFAULT_CONFIRM = 600
"""Seconds a change waits for its confirmation unless the caller says otherwise."""
