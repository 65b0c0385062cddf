"""Rules held against recorded history: what they would have paged, and how two rule sets differ and why.

``history`` asks a Prometheus for counts, ``replay`` evaluates rules over them, ``compare`` lists every page
that differs, ``reasons`` finds the one change that makes a difference go away.
"""
