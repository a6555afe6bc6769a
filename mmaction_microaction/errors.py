"""What is said of errors of libraries."""


def last_line(error):
    """Return, of an error's message of several lines, the one with the reason, or else what kind of error it is."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
