"""What is said of errors of libraries, and how warnings are said."""

import sys
import warnings


def last_line(error):
    """Return, of an error's message of several lines, the one with the reason, or else what kind of error it is."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


def warn_in_one_line():
    """Let warnings of a tool say what they say, without the place in the code."""
    warnings.showwarning = lambda message, *_: print(f'warning: {message}', file=sys.stderr)
