"""The exercises of lesson 04, one file each; scene.py holds the frames that a network is trained on."""
