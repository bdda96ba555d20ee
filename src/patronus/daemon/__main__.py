"""Started by patronusd.service on the first connection (systemd.socket(5))."""

from patronus.daemon.server import serve

serve()
