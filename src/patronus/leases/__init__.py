"""Teaches the resolver the names hosts gave to the DHCP server. Standard library only: it runs all the time."""
