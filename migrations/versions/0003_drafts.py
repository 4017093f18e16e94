"""What jobs are to say stands apart from their rows, which are written anew as a whole at each step.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_drafts",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_drafts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_drafts")),
    )
    op.execute("INSERT INTO job_drafts (job_id, content) SELECT id, content FROM jobs")
    with op.batch_alter_table("jobs", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("content")


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("content", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE jobs SET content = job_drafts.content FROM job_drafts WHERE job_drafts.job_id = jobs.id")
    op.drop_table("job_drafts")
    # SQLite takes a default away only by copying the table, and deletes what hangs on a job when the old one is gone.
    is_copied = op.get_context().dialect.name == "sqlite"
    if is_copied:
        op.execute("CREATE TEMPORARY TABLE kept_needs AS SELECT * FROM job_needs")
        op.execute("CREATE TEMPORARY TABLE kept_history AS SELECT * FROM job_history")
        op.execute("DELETE FROM job_needs")
        op.execute("DELETE FROM job_history")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.alter_column("content", existing_type=sa.Text(), existing_nullable=False, server_default=None)
    if is_copied:
        op.execute("INSERT INTO job_needs SELECT * FROM kept_needs")
        op.execute("INSERT INTO job_history SELECT * FROM kept_history")
        op.execute("DROP TABLE kept_needs")
        op.execute("DROP TABLE kept_history")
