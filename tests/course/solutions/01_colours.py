# ---
# jupyter:
#   vostutor:
#     title: Colours
#     budgets:
#       smoke: {minutes: 0.1, memory_gb: 0.2}
#       cpu: {minutes: 0.5, memory_gb: 0.2}
# ---

# %% [markdown]
# # Colours
#
# A lesson for the tests: it has one of each kind of cell, and stands on nothing but Python.

# %% tags=["parameters"]
profile = "cpu"  # how much to do
seed = 0
data_root = None
device = "cpu"

# %%
import os, sys  # stand-ins for vostutor.checks: the course's own are tested with them
from IPython.display import display


def check(name, fn):
    passed = fn(2) == 4
    print(("✓ " if passed else "✗ ") + name)
    return fn if passed else lambda x: 2 * x


# %% [markdown]
# ### Exercise 1.1


# %% exercise="colours.double" points=4 difficulty=1 minutes=5
def double(x):
    """Twice x. In here, BEGIN SOLUTION is a word like any other."""
    unit = "# of colours"
    # BEGIN SOLUTION
    secret_total = x + x
    return secret_total
    # END SOLUTION


# %%
double = check("colours.double", double)

# %% [markdown] reflection="colours.why" points=2 difficulty=2 minutes=5
# Why is the sky dark at night?

# %% [markdown] answer="colours.why"
# Because the universe is finite in age.

# %%
import time

clock = time.time()
for k in range(3):
    print(f"\r{33 * (k + 1)}%|##| {k + 1}/3 [{time.time() - clock:.4f} s]", end="", file=sys.stderr)
print(f"{profile} {seed} {data_root} {device} threads {os.environ.get('OMP_NUM_THREADS')}")
double(21)

# %%
# A widget as it comes out of a kernel: a view with a random id, and a picture that stays.
import uuid

picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
view = {"model_id": uuid.uuid4().hex, "version_major": 2, "version_minor": 0}
bundle = {"image/png": picture, "text/plain": "a dot", "application/vnd.jupyter.widget-view+json": view}
display(bundle, metadata={"image/png": {"alt": "a dot"}}, raw=True)

# %%
print("lesson 01 ran to its end")
