"""The VM test driver: a router in QEMU whose cables end in network namespaces, where host processes play the peers."""
