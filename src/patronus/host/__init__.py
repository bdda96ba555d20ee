"""The only code that touches the machine: files, programs, units, nftables, links. Standard library alone."""
