# ---
# jupyter:
#   vostutor:
#     title: Shapes
#     budgets:
#       smoke: {minutes: 0.1, memory_gb: 0.4}
#       cpu: {minutes: 0.5, memory_gb: 0.4}
# ---

# %% [markdown]
# # Shapes
#
# A lesson for the tests of the notebook gate: a figure, a photograph, numbers, a table.

# %% tags=["parameters"]
profile = "cpu"
seed = 0
data_root = None
device = "cpu"

# %% [markdown]
# ## 1 · A curve

# %%
from vostutor.viz import Picture, plot_scores

curves = {"copy": [0.9, 0.7, 0.4, 0.2], "flow warp": [0.9, 0.8, 0.7, 0.6]}
Picture(plot_scores(curves, decay=False).figure, alt="Two curves fall, copy the faster one.")

# %% [markdown]
# ## 2 · A photograph

# %%
import numpy as np

rows, columns = np.indices((90, 160))
Picture(np.stack([rows, columns, rows + columns]).astype(np.uint8), alt="A field of colours.", width=320)

# %% [markdown]
# ## 3 · Numbers

# %%
print("42 objects")

# %%
from vostutor.viz import Table

Table([{"system": "copy", "J": 0.311}, {"system": "flow warp", "J": 0.449}], caption="Two baselines.")

# %%
print("lesson 02 ran to its end")
