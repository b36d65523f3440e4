"""Small torch-free lessons: one that has each kind of cell, and a beginning for others."""

from pathlib import Path

GOOD = Path(__file__).parent / "solutions" / "01_colours.py"
SHAPES = GOOD.with_name("02_shapes.py")  # its figure, photograph, numbers and table are what the gate is tried with

FRONT = """\
# ---
# jupyter:
#   vostutor:
#     title: {title}
#     budgets:
#       smoke: {{minutes: 0.1, memory_gb: 0.2}}
#       cpu: {{minutes: 0.5, memory_gb: 0.2}}
# ---

# %% tags=["parameters"]
profile = "cpu"
seed = 0
data_root = None
device = "cpu"

"""
