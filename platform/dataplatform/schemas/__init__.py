"""Table definitions, one module a database, each a ladder of migrations."""
