"""The exercises of lesson 07, one file each; nearest.py holds the maps they ask with, the matching that compares every pair, its slips."""
