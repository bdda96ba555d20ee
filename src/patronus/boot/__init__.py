"""Steps systemd runs, each a program with one job: `python3 -m patronus.boot.<step>`."""
