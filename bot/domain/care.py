"""隔离与包保 quarantine and care teams: who is observed until when, and who stands behind them."""

from datetime import date, datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.registry import Resident
from bot.domain.types import Moment


class Observation(SQLModel, table=True):
    """A returnee or contact under observation. Never closed or prolonged by itself."""

    id: int | None = Field(default=None, primary_key=True)
    resident_id: int = Field(foreign_key="resident.id", index=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    origin: str = ""
    arrived_on: date
    left_area_on: date | None = None
    last_exposure_on: date | None = None
    days: int  # by the rule pack in force when it began
    rule_pack: str
    began_at: datetime = Field(sa_type=Moment)
    exempt: str = ""  # 外出就医
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="resident.id")
    outcome: str = ""

    @property
    def day_zero(self) -> date:
        """Last exposure, else leaving the area, else arrival."""
        return self.last_exposure_on or self.left_area_on or self.arrived_on

    def day_number(self, on: date) -> int:
        """Day n of the observation; it goes on counting while nobody has signed the release."""
        return (on - self.day_zero).days

    @property
    def ends_on(self) -> date:
        """The day at whose end it may be released."""
        return self.day_zero + timedelta(days=self.days)


class TeamMember(SQLModel, table=True):
    """包保组: one member of somebody's care team."""

    __tablename__ = "team_member"
    resident_id: int = Field(foreign_key="resident.id", primary_key=True)
    member_id: int = Field(foreign_key="resident.id", primary_key=True)
    part: str = "member"  # primary, deputy, member
    from_on: date | None = None
    away_until: date | None = None
    stand_in_id: int | None = Field(default=None, foreign_key="resident.id")


def open_observation(db: Session, resident_id: int) -> Observation | None:
    """The observation of a person that nobody has closed."""
    query = select(Observation).where(
        Observation.resident_id == resident_id, col(Observation.closed_at).is_(None)
    )
    return db.exec(query).first()


def team_of(db: Session, resident_id: int, part: str = "") -> list[Resident]:
    """Members of a person's care team, primary first; `part` narrows it."""
    query = (
        select(TeamMember, Resident)
        .join(Resident, col(Resident.id) == TeamMember.member_id)
        .where(TeamMember.resident_id == resident_id)
    )
    order = {"primary": 0, "deputy": 1, "member": 2}
    rows = sorted(db.exec(query).all(), key=lambda row: (order[row[0].part], row[1].id or 0))
    return [person for member, person in rows if part in ("", member.part)]
