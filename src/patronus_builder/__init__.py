"""Builds, assembles and runs the appliance image on a workstation; standard library only."""
