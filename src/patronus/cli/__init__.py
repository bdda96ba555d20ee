"""The `patronus` command."""
