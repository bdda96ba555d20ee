"""From bytes to a running box: load, verify, validate, plan, render, diff || preflight, apply, confirm."""
