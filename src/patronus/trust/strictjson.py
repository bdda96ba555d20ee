"""JSON without its freedoms: one object, no repeated keys, no fractions, one spelling.

Used for the two small documents of the trust code. Callers check the size first.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Never

from patronus.trust.refusal import escape


def encode(document: Mapping[str, object]) -> bytes:
    """The one spelling: sorted keys, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def decode(data: bytes, problems: list[str]) -> dict[str, object]:
    """One JSON object. Repeated keys are added to `problems`; ValueError when it cannot be read at all."""

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        result = dict(pairs)
        if len(result) != len(pairs):
            counted = Counter(key for key, _ in pairs)
            problems.extend(f"the key '{escape(key)}' is given twice" for key in sorted(counted) if counted[key] > 1)
        return result

    try:
        document = json.loads(
            data.decode("utf-8"), object_pairs_hook=collect, parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - the input is wrong, not the caller
    return document


def _refuse_number(text: str) -> Never:
    raise ValueError(f"{escape(text)} is not a whole number")
