"""What is left of questions and answers whose texts are deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run_cases", sa.Column("forgotten", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("responses", sa.Column("forgotten", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("claimed_by", sa.String(200)))
    op.add_column("outbox", sa.Column("claimed_until", sa.Double()))


def downgrade() -> None:
    # The version before knows no case without its text: it deleted them.
    op.execute(sa.text("DELETE FROM run_cases WHERE forgotten"))
    op.drop_column("outbox", "claimed_until")
    op.drop_column("outbox", "claimed_by")
    op.drop_column("run_cases", "forgotten")
    op.drop_column("responses", "forgotten")
