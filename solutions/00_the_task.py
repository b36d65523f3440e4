# ---
# jupyter:
#   vostutor:
#     title: The task
#     budgets:
#       smoke: {minutes: 0.1, memory_gb: 0.3}
#       cpu: {minutes: 0.1, memory_gb: 0.3}
# ---

# %% [markdown]
# # The task
#
# This lesson is being written.

# %% tags=["parameters"]
profile = "cpu"
seed = 0
data_root = None
device = "cpu"

# %%
print("lesson 00 ran to its end")
