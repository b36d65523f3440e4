"""The exercises of lesson 00, one file each: the exercise, an oracle that takes its time, the properties, the slips."""
