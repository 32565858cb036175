"""Where heads of journals are copied, outside the database."""
