"""open questions with several askers, local entries, rumours."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "question_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["place_id"], ["place.id"], name=op.f("fk_question_tally_place_id")
        ),
        sa.PrimaryKeyConstraint("day", "place_id", "outcome", name=op.f("pk_question_tally")),
    )
    op.create_table(
        "rumour",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entry", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_chat_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_chat_id"], ["chat.id"], name=op.f("fk_rumour_first_chat_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_rumour_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rumour")),
    )
    with op.batch_alter_table("rumour", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_last_at"), ["last_at"], unique=False)

    op.create_table(
        "local_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("question", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wordings", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["resident.id"], name=op.f("fk_local_entry_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["resident.id"], name=op.f("fk_local_entry_author_id")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_local_entry_place_id")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["open_question.id"], name=op.f("fk_local_entry_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["retired_by"], ["resident.id"], name=op.f("fk_local_entry_retired_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_entry")),
    )
    with op.batch_alter_table("local_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_local_entry_place_id"), ["place_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_local_entry_question_id"), ["question_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_local_entry_state"), ["state"], unique=False)

    op.create_table(
        "question_asker",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=True),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_question_asker_account_id")
        ),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_question_asker_chat_id")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["open_question.id"], name=op.f("fk_question_asker_question_id")
        ),
        sa.PrimaryKeyConstraint("question_id", "account_id", name=op.f("pk_question_asker")),
    )
    op.create_table(
        "question_told",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["open_question.id"], name=op.f("fk_question_told_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_question_told_resident_id")
        ),
        sa.PrimaryKeyConstraint("question_id", "resident_id", name=op.f("pk_question_told")),
    )
    op.create_table(
        "rumour_mark",
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("rumour_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rumour_id"], ["rumour.id"], name=op.f("fk_rumour_mark_rumour_id")
        ),
        sa.PrimaryKeyConstraint("mark", "rumour_id", name=op.f("pk_rumour_mark")),
    )
    with op.batch_alter_table("rumour_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_mark_rumour_id"), ["rumour_id"], unique=False)

    op.create_table(
        "rumour_seen",
        sa.Column("rumour_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("rebutted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_rumour_seen_chat_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_rumour_seen_place_id")),
        sa.ForeignKeyConstraint(
            ["rumour_id"], ["rumour.id"], name=op.f("fk_rumour_seen_rumour_id")
        ),
        sa.PrimaryKeyConstraint("rumour_id", "chat_id", name=op.f("pk_rumour_seen")),
    )
    with op.batch_alter_table("rumour_seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rumour_seen_place_id"), ["place_id"], unique=False)

    op.create_table(
        "rumour_told",
        sa.Column("rumour_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_rumour_told_resident_id")
        ),
        sa.ForeignKeyConstraint(
            ["rumour_id"], ["rumour.id"], name=op.f("fk_rumour_told_rumour_id")
        ),
        sa.PrimaryKeyConstraint("rumour_id", "resident_id", name=op.f("pk_rumour_told")),
    )
    op.create_table(
        "last_answer",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("chat_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entry", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("local_entry_id", sa.Integer(), nullable=True),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_thanked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_last_answer_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["local_entry_id"], ["local_entry.id"], name=op.f("fk_last_answer_local_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["open_question.id"], name=op.f("fk_last_answer_question_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_last_answer")),
    )
    # Who asked what was open before; who was told of it is its owner.
    op.execute(
        "INSERT INTO question_asker (question_id, account_id, chat_id, text, at) "
        "SELECT id, asker_id, NULL, text, asked_at FROM open_question WHERE asker_id IS NOT NULL"
    )
    op.execute(
        "INSERT INTO question_told (question_id, resident_id, at) "
        "SELECT id, owner_id, asked_at FROM open_question WHERE owner_id IS NOT NULL"
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("last_answer")
    op.drop_table("rumour_told")
    with op.batch_alter_table("rumour_seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rumour_seen_place_id"))

    op.drop_table("rumour_seen")
    with op.batch_alter_table("rumour_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rumour_mark_rumour_id"))

    op.drop_table("rumour_mark")
    op.drop_table("question_told")
    op.drop_table("question_asker")
    with op.batch_alter_table("local_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_local_entry_state"))
        batch_op.drop_index(batch_op.f("ix_local_entry_question_id"))
        batch_op.drop_index(batch_op.f("ix_local_entry_place_id"))

    op.drop_table("local_entry")
    with op.batch_alter_table("rumour", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rumour_last_at"))

    op.drop_table("rumour")
    op.drop_table("question_tally")
