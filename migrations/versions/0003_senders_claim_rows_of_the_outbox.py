"""senders claim rows of the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('queued', 'unknown')")
IN_LINE = sa.text("state IN ('queued', 'unknown', 'sending')")
LEFT = sa.text("left_at IS NOT NULL")


def upgrade() -> None:
    """Go up."""
    op.add_column("outbox", sa.Column("sender", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_outbox_open", "outbox")
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["is_urgent", "due_at", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_outbox_line",
        "outbox",
        ["channel", "chat", "id"],
        sqlite_where=IN_LINE,
        postgresql_where=IN_LINE,
    )
    op.create_index(
        "ix_outbox_left",
        "outbox",
        ["channel", "left_at"],
        sqlite_where=LEFT,
        postgresql_where=LEFT,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_outbox_left", "outbox")
    op.drop_index("ix_outbox_line", "outbox")
    op.drop_index("ix_outbox_open", "outbox")
    op.create_index(
        "ix_outbox_open", "outbox", ["due_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("sender")
