"""Rules held against recorded history: what they would have paged, and how two rule sets differ and why.

``history`` asks a Prometheus for counts, ``replay`` evaluates rules over them, ``compare`` lists every page
that differs, ``compare`` finds the reason, by changing one thing where it can.
"""
