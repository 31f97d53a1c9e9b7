"""Servers to compare with, each as its users would write it and a process of its own.

Rule: a peer prints its address, takes `{"type": "response.create", "input": "COUNT@RATE", "conversation": …}` and sends
each word as a delta of its own, paced as the assistant `metronome` paces; nothing here imports the product.
"""
