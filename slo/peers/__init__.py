"""Rules that other tools would generate from their own files, so that ours can be held against them.

Nothing here goes through our importers: what they might lose or change is what the comparison is for.
"""
