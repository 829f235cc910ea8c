"""Access tokens of platforms, kept so that a restart or a second process asks for no other."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.domain.types import Moment


class AccessToken(SQLModel, table=True):
    """The last token of a channel, sealed."""

    __tablename__ = "access_token"
    channel: str = Field(primary_key=True)
    sealed: bytes
    until: datetime = Field(sa_type=Moment)
