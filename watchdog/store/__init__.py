"""Everything that is remembered: SQLite for one, PostgreSQL for a team, one way in."""
