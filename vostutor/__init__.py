"""vostutor: learn deep video object segmentation by building it.

The package behind the course's notebooks. Folders are layers, imports run downwards only:
core < ops < losses, metrics, nn, data, viz < models < engine < checks, widgets, zoo < course < __main__.
"""

__version__ = "0.1.0"
