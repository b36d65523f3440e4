"""The exercises of lesson 01, one file each; fields.py and volume.py hold what they ask with and how they name a place."""
