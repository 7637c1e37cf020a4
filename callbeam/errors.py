"""The errors that callbeam raises on purpose; each message names the cause and the way out."""


class CallbeamError(Exception):
    """Base of every error that callbeam raises on purpose."""


class UsageError(CallbeamError):
    """What was asked for cannot be done; found before any work. The command exits with 2."""


class JobError(CallbeamError):
    """A job failed while it ran. The command exits with 1."""
