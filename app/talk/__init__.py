"""Talks: the format in which a village's chats are specified, read and compared."""
