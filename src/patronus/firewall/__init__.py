"""The rule compiler: a ruleset as values in, the text of one nftables transaction out. Pure.

`ir` says what a ruleset is, `compiler` writes it; `scopes`, `matches`, `folding`, `sets`, `base` and `translation` are
its parts. Nothing here knows the document's schema.
"""
