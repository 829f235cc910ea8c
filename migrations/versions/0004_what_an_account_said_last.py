"""what an account said last is found without a scan."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    op.create_index("ix_reading_said_by", "reading", ["said_by", "at"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_reading_said_by", "reading")
