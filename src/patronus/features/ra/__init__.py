"""IPv6 router advertisements, sent by systemd-networkd."""

from patronus.features.contract import Feature
from patronus.features.ra.checks import check
from patronus.features.ra.plan import plan
from patronus.features.ra.schema import RouterAdvertisements

FEATURE = Feature(
    key="ra",
    title="Router advertisements",
    schema=RouterAdvertisements,
    check=check,
    plan=plan,
    default=True,
)
