"""Patronus: the engine of a firewall and router appliance."""
