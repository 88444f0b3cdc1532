"""From specs and live objects to a plan, and from a plan to live objects.

`observe` reads, `planner` decides, `execute` writes; everything between them is frozen data.
"""
