"""The operator's tools for a data directory: verify, repair, backup, stats.

Rule: the store knows nothing of them; they are built from its parts.
"""
