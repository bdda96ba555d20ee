"""Templates of features: Jinja2 with StrictUndefined; they hold layout only, no decisions."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment(feature: str) -> Environment:
    return Environment(  # noqa: S701 - config files of daemons, not HTML; every value is a validated type
        loader=PackageLoader(f"patronus.features.{feature}"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def render_template(feature: str, name: str, **values: object) -> bytes:
    """Render `features/<feature>/templates/<name>`; a name the template uses and nobody gives is an error."""
    return _environment(feature).get_template(name).render(**values).encode()
