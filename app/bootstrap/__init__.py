"""The composition root: builds the adapters that a profile names and hands them to the roles.

Nothing else knows which adapters exist. The data side and the control side never write to the same file.
"""
