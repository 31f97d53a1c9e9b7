"""Benchmarks: ours and its peers side by side in one run, medians of several rounds, ratios."""
