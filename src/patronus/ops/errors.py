"""What goes wrong between a front end and the box, apart from a refusal."""


class CallFailed(Exception):  # noqa: N818 - reads as what happened
    """The box could not be reached, or could not do it; the message is for people."""
