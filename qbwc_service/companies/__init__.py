"""Companies: their account with us, passwords, settings and .qwc files."""
