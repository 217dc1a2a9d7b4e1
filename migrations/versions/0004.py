"""How much more answers scatter lately; the looks of one metric are found without walking through the others'"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("observations", sa.Column("scatter", sa.Double()))
    op.create_index(op.f("ix_observations_watch_scorer_arm_at"), "observations", ["watch", "scorer", "arm", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_observations_watch_scorer_arm_at"), "observations")
    op.drop_column("observations", "scatter")
