"""The carriers' simulator: speaks the carriers' own wire, calls back like them, and remembers the truth.
Imports none of ours.
"""
