"""Gates a board has to pass: what it names exists, its lines are the alerts', its links lead somewhere."""
