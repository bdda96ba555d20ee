"""Name servers of the provider, for the box itself and for a resolver that forwards to them. Standard library only."""
