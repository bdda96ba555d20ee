"""Speaks to Kea over its control socket. Standard library only."""
