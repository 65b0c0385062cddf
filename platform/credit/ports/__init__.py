"""What use cases need from the outside, as small Protocols. Adapters do not inherit from them.

Every method that does I/O is async. Every port has an in-memory and an SQLite adapter at least, and one
contract suite in ``tests/contract`` that each of them passes. A store that cannot answer raises
``StoreUnavailable``; it never answers with a default.
"""
