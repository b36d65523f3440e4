"""What the numbers in a mask mean. Apart from core/clip.py, so that reading and scoring masks needs no torch."""

BACKGROUND = 0
VOID = 255  # an id that nobody is asked about
