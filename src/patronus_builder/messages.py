"""What the builder says: progress before each long step, and errors that name the next action."""

import sys
from typing import NoReturn


def say(text: str) -> None:
    """Write one line to stderr; stdout is kept for data."""
    print(text, file=sys.stderr, flush=True)


def step(text: str, *, about: str = "") -> None:
    """Announce a step before it starts; `about` is how long it takes where that is worth knowing."""
    say(f"==> {text}" + (f" (about {about})" if about else ""))


def die(message: str, *, hint: str = "") -> NoReturn:
    """End the program with exit status 1 and, where there is one, the next thing to do."""
    say(f"error: {message}")
    if hint:
        say(f"  try: {hint}")
    sys.exit(1)
