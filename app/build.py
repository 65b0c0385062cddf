"""Everything generated, as bytes by path: pure; writing it is one function at the end."""
