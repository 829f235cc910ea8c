"""花名册 roster: import of people (plan, apply), binding of accounts, chats."""

from handlers.roster.accounts import Guess, Unbound, bind, register_chat, unbound
from handlers.roster.apply import apply, id_number_context, phone_context
from handlers.roster.changes import FieldChange
from handlers.roster.model import Column, Row, RowError, Words, roster_words
from handlers.roster.plan import Person, Plan, plan

__all__ = [
    "Column",
    "FieldChange",
    "Guess",
    "Person",
    "Plan",
    "Row",
    "RowError",
    "Unbound",
    "Words",
    "apply",
    "bind",
    "id_number_context",
    "phone_context",
    "plan",
    "register_chat",
    "roster_words",
    "unbound",
]
