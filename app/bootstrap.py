"""The composition root: builds the adapters that a profile names and hands them to the roles."""
