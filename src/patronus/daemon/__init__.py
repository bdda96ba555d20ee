"""patronusd: serves the operations on a unix socket and decides who may call which."""
