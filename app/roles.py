"""What a process does: one does all, or several share the parts (on PostgreSQL)."""

from enum import StrEnum


class Role(StrEnum):
    """One part of the work."""

    WEB = "web"  # hears the platforms, serves the pages
    WORKER = "worker"  # handles messages
    SENDER = "sender"  # says what is to be said
    CLOCK = "clock"  # does what falls due; one of them at a time


ALL = frozenset(Role)
