# ---
# jupyter:
#   vostutor:
#     title: "The task: follow this object"
#     budgets:
#       smoke: {minutes: 0.4, memory_gb: 1.1}
#       cpu: {minutes: 2.0, memory_gb: 2.0}
# ---

# %% [markdown]
# # 00 · The task: follow this object
#
# | | |
# |---|---|
# | **computing** | about 2 minutes on a laptop, the same with a GPU: nothing is trained in this lesson |
# | **you** | about two hours, exercises included |
# | **you will be able to** | *tell apart* the tasks of video segmentation · *read* a DAVIS sequence · *compute* J and F and say what each of them misses · *summarise* a video by mean, recall and decay · *build* the two baselines that every later system has to beat |
# | **before** | Python and a little PyTorch; no other lesson |
# | **papers** | Perazzi et al., *A benchmark dataset and evaluation methodology for video object segmentation*, CVPR 2016 · Pont-Tuset et al., *The 2017 DAVIS challenge*, 2017 · Kroeger et al., *Fast optical flow using dense inverse search*, ECCV 2016 |
#
# Somebody shows you the first frame of a video, paints over one thing in it, and leaves. From then on you are alone. In every later frame, say for each pixel whether it belongs to that thing.
# That is **video object segmentation**. It takes one sentence to state, and the rest of this course to do well.

# %% tags=["parameters"]
profile = "cpu"  # smoke, cpu, gpu or paper: how much this lesson does
seed = 0
data_root = None  # a DAVIS root, or a video of yours with its first mask beside it; None: minivos only
device = "cpu"

# %%
import torch

from vostutor.checks import check, finish, hint
from vostutor.data import draw_clip
from vostutor.viz import Picture, contact_sheet, draw_masks, time_stamps

clip = draw_clip("plain", seed + 57)
times = (0, 7, 15)
tinted = [draw_masks(clip.frames[t], clip.ids[t], scale=2) for t in times]
strip = contact_sheet(tinted, captions=time_stamps(times, clip.fps))
Picture(strip, alt=f"A {' and a '.join(clip.categories)}, tinted and outlined, at frames 0, 7 and 15 of one clip; each keeps its colour and its kind of outline.", width=980)

# %% [markdown]
# The clips in this course are drawn, not filmed. They come from **minivos**, a generator: walkers and swimmers, wheels, ropes, kites and boats, made of jointed parts,
# over ground that lies at several depths, seen by a camera that follows what it films, pans, trembles, blurs and compresses. It knows the exact answer for every pixel: mask, identity, motion, what hides what.
# And it has switches, which you will turn in section 10. All that makes it good for learning and bad for boasting, so in every lesson the first table that compares systems has a row of real video.
#
# ## 1 · Three questions that sound alike
#
# Point at a pixel and ask what it is. You can mean three things.
#
# - **Semantic** segmentation: *what kind of thing is here?* Every pixel gets a class. Two dogs are one region called dog.
# - **Instance** segmentation: *which one of its kind?* Every thing gets a class and a number. Two dogs are dog 1 and dog 2.
# - **Object** segmentation: *is it the thing I pointed at?* There are no classes. The thing can be a dog, half a dog, or something that nobody has a word for.
#
# Here is a frame with two things of one kind.

# %%
drawn = (draw_clip("plain", seed + k, frames=2, flow=False) for k in range(40, 400))  # the first forty have none at seed 0
pair = next(c for c in drawn if len(c.categories) == 2 and len(set(c.categories)) == 1)
kind, first = pair.categories[0], pair.object_ids[0]
print(f"two things of the kind {kind}")

# %% [markdown]
# > **Predict.** We colour it three times, once for each question. Suppose the two swapped their *names* from here on.
# > Which of the three colourings would stay as it is? Decide before you look.

# %%
ids = pair.ids[0]
asked = {f"semantic: {kind}": (ids > 0).long(), f"instance: {kind} 1, {kind} 2": ids, "object: this one": (ids == first).long()}
panels = [draw_masks(pair.frames[0], colouring, opacity=0.8, width=1) for colouring in asked.values()]
alt = f"One frame with two things, a {kind} each: tinted alike, tinted apart, and only one of them tinted."
Picture(contact_sheet(panels, captions=list(asked)), alt=alt, width=980)

# %% [markdown]
# Only the first one would. A class does not care which individual is which; the other two have to follow the individuals, and so they
# need **time**: a single frame cannot tell you who is who *since the beginning*.
#
# ### Who tells the system what to look for?
#
# | protocol | the system is given | lesson |
# |---|---|---|
# | **semi-supervised** (one-shot) | the masks of the objects in the first frame | almost all of them |
# | **unsupervised** (zero-shot) | nothing; it must find the things that stand out, and keep them apart | 02, 03 |
# | **interactive** | a few clicks or scribbles, then corrections | 07 |
#
# The names are unlucky. *Semi-supervised* says nothing about training: it means that somebody helps at test time.
#
# (A neighbour of these tasks is *multi-object tracking and segmentation*, MOTS: find everything of a class, link it through time, and be scored on
# masks and identities at once. The arena, lesson 12, brings its metrics.)
#
# ### Two families of answers
#
# **Frame by frame**: segment each frame as if it were a photograph, and forget it. Mistakes do not spread, but nothing ties frame 7 to frame 8.
# **Segment and track**: carry the answer along from frame to frame. Identities hold, and so do mistakes. Every system in this course sits somewhere between
# the two. In section 9 you will watch a tracker fail; the swap in section 12 shows what a score for single frames cannot notice.

# %% [markdown]
# ## 2 · What lies on the disk
#
# DAVIS is the data set that made this field comparable, and its folder layout became the common one. `JPEGImages/SEQ/00000.jpg` holds the frames,
# `Annotations/SEQ/00000.png` one mask per frame, `ImageSets/*.txt` the names that belong to a split. minivos is stored in the same way.

# %%
from vostutor.data import home

root = home() / "minivos"
for pattern in ("ImageSets/*.txt", "JPEGImages/fast-1/0000[0-2].jpg", "Annotations/fast-1/0000[0-2].png"):
    print(*(path.relative_to(root).as_posix() for path in sorted(root.glob(pattern))), sep="\n")

# %% [markdown]
# A mask is a **palette PNG**. It looks like a coloured picture, and the colours mean nothing: each pixel stores a small number, the object's id, and the
# palette only says how to paint that number for human eyes. 0 is background. 255, where it appears, is **void**: pixels that nobody wants an answer for.
#
# > **Predict.** We open the same mask twice, once as it is and once converted to RGB, and count the different values of its pixels. Which of the two can you compute with?

# %%
import numpy as np
from PIL import Image

mask = Image.open(root / "Annotations/fast-1/00000.png")
as_stored, as_colours = np.asarray(mask), np.asarray(mask.convert("RGB"))
print("as stored ", as_stored.shape, np.unique(as_stored).tolist())
print("as colours", as_colours.shape, np.unique(as_colours.reshape(-1, 3), axis=0).tolist())

# %% [markdown]
# Two classics follow from this. Opening masks with an image library that silently gives you RGB loses the ids. And resizing a mask with smooth
# interpolation puts objects where there are none: halfway between background, 0, and object 2 lies object 1. **Masks are resized by nearest neighbour, or not at all.**
#
# In this package a reader gives you `(frame, ids)`, one at a time, so that a film of an hour needs no more memory than one of a second.

# %% [markdown]
# ## 3 · What makes it hard
#
# If nothing moved, the first mask would do for ever. The first frame below is from a plain clip; in each of the others one more thing goes wrong. The labels are the ones by which
# every system in this course is scored.
#
# All are nine frames old. The outlines are those of the first frame, left where they were: that is what the laziest system in the world would answer.
#
# > **Predict.** On which label does giving the first mask again and again score worst? And on which labels must it score *exactly* as on plain?
# > Write them down; section 9 has the answer.

# %%
from vostutor.data import LABELS

gallery = {label: draw_clip(label, seed + 57, flow=False) for label in LABELS}
tiles = [draw_masks(c.frames[9], c.ids[0], opacity=0, width=1) for c in gallery.values()]
alt = f"Frame 9 of a clip of each label ({', '.join(LABELS)}), with the outlines of the first frame's masks left where they were."
Picture(contact_sheet(tiles, columns=4, captions=list(LABELS)), alt=alt, width=900)

# %% [markdown]
# *plain* nothing special · *drift* the surface changes while you watch · *occlusion* something passes in front, and hides most of the object for a moment · *distractor* a look-alike that is **not** your
# object · *static* the objects stand still and the camera does not · *camouflage* the objects are cut from the ground on which they begin · *camera* the camera moves a lot · *fast* the objects do · *scale* the object comes nearer or
# goes away · *deformation* limbs swing and bodies bend more · *crossing* two objects pass over each other · *multi-object* four objects or more. Where it can be, the scene is the same and only that one thing was changed.
# Where there are several objects, *occlusion*, *distractor* and *scale* are promised for object 1 (orange, whole outline); the scores are means over all of them.

# %% [markdown]
# ## 4 · How good is a mask? First answer: J
#
# Put the predicted mask $P$ on top of the true one, $G$. Some pixels are in both, some only in one. The **Jaccard index** (region similarity, intersection over union) asks which share of all pixels
# that *anyone* claims is claimed by *both*:
#
# $$J = \frac{|P \cap G \cap \bar V|}{|(P \cup G) \cap \bar V|}, \qquad J = 1 \text{ if nobody claims anything}$$
#
# $V$ are the void pixels: they count for neither side. Note the second half. An object that has left the picture has an empty mask, and a system that says *nothing here* is right.
#
# ### Exercise 0.1 · region similarity  (3 points · difficulty 1 of 5 · 10 minutes)
# `gt`, `pred` and `void` are bool tensors with axes (H, W); `void` may be None. Return a Python float.

# %% exercise="task.jaccard" points=3 difficulty=1 minutes=10
def jaccard(gt, pred, void=None):
    # BEGIN SOLUTION
    asked = torch.ones_like(gt) if void is None else ~void
    union = ((gt | pred) & asked).sum()
    return 1.0 if union == 0 else ((gt & pred & asked).sum() / union).item()
    # END SOLUTION

# %%
jaccard = check("task.jaccard", jaccard)

# %% [markdown]
# > **Predict.** A square of 8 × 8 pixels and one of 32 × 32 are both predicted 2 pixels too far to the right. Which of them loses more J?

# %%
from vostutor.viz import new_figure, series_look

figure, ax = new_figure(width=6, height=2.8)
for side in (8, 32):
    square = torch.zeros(64, 64, dtype=torch.bool)
    square[16 : 16 + side, 16 : 16 + side] = True
    scores = [jaccard(square, square.roll(shift, dims=1)) for shift in range(9)]
    look = series_look(side // 32)
    ax.plot(scores, marker=look.marker, linestyle=look.dash, color=look.hex, label=f"{side} × {side} pixels")
ax.set(xlabel="shift of the prediction (pixels)", ylabel="J (0 to 1)", ylim=(0, 1.05))
ax.legend()
at_two = [line.get_ydata()[2] for line in ax.lines]
Picture(figure, alt=f"J against the shift of two squares; at 2 pixels the small one has {at_two[0]:.2f}, the large one {at_two[1]:.2f}.")

# %% [markdown]
# J is harsh on small things: two pixels are a quarter of a small square and a sixteenth of a large one. It is also blind in a way that the next section repairs.

# %% [markdown]
# ## 5 · Second answer: F
#
# J counts area, and most of an area lies far from its edge, where nobody errs. What separates a good mask from a poor one is the **contour**. So trace the contour of both masks and compare
# the two lines: which share of the predicted contour lies near the true one (precision $P_c$), which share of the true contour lies near the predicted one (recall $R_c$)?
#
# $$F = \frac{2 P_c R_c}{P_c + R_c}$$
#
# *Near* means within $r = \lceil 0.008 \sqrt{H^2 + W^2} \rceil$ pixels: 8 at 480 rows, 2 at the size of our clips.
#
# First the contour. A pixel grid has no lines, so there is a convention to agree on. The one that all DAVIS scores use: a pixel is boundary if it differs
# from its right, lower, or lower right neighbour.
#
# $$b(y, x) = (m \oplus m_{\rightarrow}) \;|\; (m \oplus m_{\downarrow}) \;|\; (m \oplus m_{\searrow})$$
#
# In the last row there is no lower neighbour, so only the right one counts; in the last column only the lower one; the last pixel of all is never boundary.
#
# > **Predict.** A 4 × 4 square has 12 pixels on its rim. How many boundary pixels will this rule give it, and will the ring lie on the square, around it, or neither?

# %% [markdown]
# ### Exercise 0.2 · the boundary  (3 points · difficulty 2 of 5 · 15 minutes)
# `mask` is a bool tensor (H, W). Return a bool tensor (H, W).

# %% exercise="task.boundary" points=3 difficulty=2 minutes=15
def boundary(mask):
    # BEGIN SOLUTION
    right, down = mask[:, :-1] ^ mask[:, 1:], mask[:-1] ^ mask[1:]
    edges = torch.zeros_like(mask)
    edges[:, :-1] |= right
    edges[:-1] |= down
    edges[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edges
    # END SOLUTION

# %%
boundary = check("task.boundary", boundary)

# %%
from vostutor.viz import draw_binary

square = torch.zeros(10, 10, dtype=torch.bool)
square[3:7, 3:7] = True
ring = boundary(square)
both = draw_binary(square, scale=24, on=(190, 215, 240))
on_ring = draw_binary(ring, scale=24)[..., 0] > 0
both[on_ring] = both[on_ring] // 2 + np.array((106, 47, 0), np.uint8)  # the square shines through
print(f"{ring.sum()} boundary pixels; first row of the square 3, first row of the ring {ring.any(1).int().argmax()}")
begins = ring.any(1).int().argmax()
alt = f"A 4 by 4 square and the {ring.sum()} pixels of its boundary from row {begins} on: dark brown outside the square, above and to the left; light brown on it."
Picture(both, alt=alt)

# %% [markdown]
# Sixteen, not twelve. Dark pixels lie outside the square, light ones on it: the ring hangs over the upper left side, because the boundary sits *between* pixels, half a pixel towards the origin. It does not matter
# as long as both masks are treated alike. It matters very much if you compare your own contours with somebody else's.

# %% [markdown]
# ### Exercise 0.3 · contour accuracy  (4 points · difficulty 3 of 5 · 20 minutes)
# `gt`, `pred` are bool tensors (H, W), `radius` is in pixels. Return a float. `dilate(mask, radius)` thickens a mask by a disk; use your `boundary`.
# Three cases need care: neither mask has a boundary (1), only one of them has (0), and no boundary pixel finds a partner (0).

# %%
from vostutor.ops.masks import dilate

# %% exercise="task.boundary_f" points=4 difficulty=3 minutes=20
def boundary_f(gt, pred, radius):
    # BEGIN SOLUTION
    line_gt, line_pred = boundary(gt), boundary(pred)
    if not line_gt.any() or not line_pred.any():
        return float(line_gt.any() == line_pred.any())
    precision = (line_pred & dilate(line_gt, radius)).sum() / line_pred.sum()
    recall = (line_gt & dilate(line_pred, radius)).sum() / line_gt.sum()
    return 0.0 if precision + recall == 0 else (2 * precision * recall / (precision + recall)).item()
    # END SOLUTION

# %%
boundary_f = check("task.boundary_f", boundary_f)

# %% [markdown]
# ### Look inside
# Drag the predicted square, or use the arrow keys; plus and minus make it larger and smaller. Three things to find before you go on: a place where J falls and F does not, a place where F falls faster than J,
# and the radius at which F stops caring. (The bars below are a whole video of such squares. Section 6 is about them: come back then, press *found late*, and see which number turns negative.)

# %%
from vostutor.widgets import JFExplorer

explorer = JFExplorer(jaccard=jaccard, boundary=boundary, boundary_f=boundary_f)
explorer

# %% [markdown]
# > **Predict.** The prediction is a true square of 32 pixels, only 2 pixels fatter on each side. J is about 0.8. And F, with a radius of 1? With a radius of 2?

# %%
from vostutor.viz import Table

truth = torch.zeros(64, 64, dtype=torch.bool)
truth[16:48, 16:48] = True
rows = []
for grow in (-2, -1, 0, 1, 2):
    fatter = torch.zeros_like(truth)
    fatter[16 - grow : 48 + grow, 16 - grow : 48 + grow] = True
    F = {f"F, radius {radius}": boundary_f(truth, fatter, radius) for radius in (1, 2)}
    rows.append({"grown by (pixels)": grow, "J": jaccard(truth, fatter), **F})
Table(rows, caption="A square of 32 pixels, predicted too thin or too fat.", digits=3)

# %% [markdown]
# A rim of two pixels costs a fifth of J and, at a radius of 1, *all* of F; at a radius of 2 F hardly notices it. Never quote F without its radius. And neither number is wrong: they were asked different questions.

# %% [markdown] reflection="task.why_two" points=3 difficulty=3 minutes=10
# ### Question 0.A  (3 points, read by your instructor)
# A colleague reports only J. Describe one video and one kind of mistake for which J says *fine* and F says *terrible*, and one for which it is the other way round. Which of the two mistakes would
# annoy a film editor more, and which a robot that wants to grasp the object?

# %% [markdown] answer="task.why_two"
# **J fine, F terrible:** a large, compact object whose mask is too fat everywhere, by a little more than the radius. Area hardly changes (the table above: J near 0.8),
# but no piece of the contour lies where it should. **J terrible, F fine:** a very thin object, a rope one or two pixels wide, predicted one pixel to the side: half of the area or all of it is missed, while every contour
# pixel still finds a partner within the radius. A film editor cuts along the contour and hates the first; a robot needs to know where the thing is, lives well with
# a fat mask, and fails with the second only if one pixel matters to its gripper. Full points for one sound example of each and a reason for the choice.

# %% [markdown]
# ## 6 · A whole video in three numbers
#
# J and F belong to one frame and one object. A video has many. DAVIS keeps three numbers of each curve:
#
# - the **mean** $M$;
# - the **recall** $R$: the share of frames in which the score is *more than* 0.5 (exactly 0.5 does not count);
# - the **decay** $D$: the mean over the first quarter minus the mean over the last. Positive decay: it got worse.
#
# Put five evenly spaced marks on 1…n, round them, and take 1 off, since we count frames from 0. For $n = 8$ the marks are 1, 2.75, 4.5, 6.25, 8, and the limits 0, 2, 4, 5, 7.
# Quarter $i$ runs from limit $i$ to limit $i + 1$, **both included**: the first is frames 0, 1, 2, the last 5, 6, 7. A mark halfway between two numbers goes up (4.5 → 5); `torch.round` would send it
# to the even one. Adding $10^{-10}$ before rounding cures that, in float64 only: in float32, $1 + 10^{-10}$ *is* 1.
#
# > **Predict.** One system scores 0.6 in every frame. Another starts at 1 and ends at 0.2, with the same mean. Which would you rather run on a video that is ten times longer? Which of the three numbers tell them apart?
#
# ### Exercise 0.4 · mean, recall, decay  (3 points · difficulty 2 of 5 · 15 minutes)
# `values` is a list or 1-D tensor of scores, one a frame. Return the three numbers as a tuple of floats.

# %% exercise="task.statistics" points=3 difficulty=2 minutes=15
def statistics(values):
    # BEGIN SOLUTION
    values = torch.as_tensor(values, dtype=torch.float64)
    limits = (torch.linspace(1, len(values), 5, dtype=torch.float64) + 1e-10).round().long() - 1
    first, last = values[limits[0] : limits[1] + 1], values[limits[3] : limits[4] + 1]
    return values.mean().item(), (values > 0.5).double().mean().item(), (first.mean() - last.mean()).item()
    # END SOLUTION

# %%
statistics = check("task.statistics", statistics)

# %%
from vostutor.viz import plot_scores

fading = torch.linspace(1, 0.2, 16, dtype=torch.float64)
curves = {"steady": torch.full_like(fading, fading.mean()), "fading": fading}
figure, ax = new_figure(width=7.5, height=3)
plot_scores({name: values.numpy() for name, values in curves.items()}, ax=ax, statistics=statistics)
Picture(figure, alt="Two score curves with one mean, " + ", ".join(f"{n} with D {statistics(v)[2]:.2f}" for n, v in curves.items()) + ".")

# %%
rows = [dict(zip(("system", "M", "R", "D"), (name, *statistics(values)), strict=True)) for name, values in curves.items()]
Table(rows, caption="Mean, recall and decay of the two curves, by statistics().")

# %% [markdown]
# The mean cannot tell them apart. Recall and decay can, and decay says more: the second system is on its way down, and a longer video would show you only the rest of the way.
#
# A warning from practice: the reference code of DAVIS stores those limits in 8 bits, where numbers wrap around at 256. This is what it would say of a video of 400 frames whose score falls from 1 to 0.

# %%
falling = np.linspace(1, 0, 400)
wrapped = (np.round(np.linspace(1, 400, 5) + 1e-10) - 1).astype(np.uint8).tolist()
last = falling[wrapped[3] : wrapped[4] + 1]
print("limits in 8 bits:", wrapped)
print(f"decay {falling[: wrapped[1] + 1].mean() - last.mean():.3f} instead of {statistics(falling)[2]:.3f}")

# %% [markdown]
# Which frames count? In the semi-supervised protocol the first frame is given, so it is not scored; and the last one is dropped too, because the first DAVIS did so. A table of scores that
# does not say which frames it counts cannot be compared with another.
#
# And how do several objects and videos become one number? By averaging over **objects**: a video with five objects weighs five times as much as a video with one.

# %% [markdown]
# ## 7 · Baseline one: nothing ever moves
#
# Every system in this course has the same two methods. `observe(frame, ids)` tells it what is known: the first mask, later perhaps a correction. `step(frame)` asks for
# an answer: for each pixel, the probability of the background (channel 0) and of each object. Here is the smallest system that fits.

# %%
from vostutor.engine import predict_clip
from vostutor.ops.masks import object_order, one_hot


class CopyFirstMask:
    def observe(self, frame, ids):
        self.prob_all = one_hot(ids, object_order((), ids))

    def step(self, frame):
        return self.prob_all


copied = predict_clip(CopyFirstMask(), clip)
print(f"{len(copied)} masks of {tuple(copied.shape[1:])} pixels, objects {copied.unique().tolist()[1:]}")

# %% [markdown]
# Scoring it takes two lines. As DAVIS does, we leave out the given frame and the last. We follow the object of which this system loses most.

# %%
def curves_of(pred, clip, k):
    """J and F of object k, frame by frame."""
    masks = [(truth == k, ids == k) for truth, ids in zip(clip.ids[1:-1], pred[1:-1], strict=True)]
    return [jaccard(*pair) for pair in masks], [boundary_f(*pair, radius=2) for pair in masks]


followed = min(clip.object_ids, key=lambda k: np.mean(curves_of(copied, clip, k)[0]))
regions, contours = curves_of(copied, clip, followed)
figure, ax = new_figure(width=7.5, height=3)
plot_scores({"J": regions, "F": contours}, ax=ax, measure="score", first_frame=1, statistics=statistics)
Picture(figure, alt=f"The copied mask: J goes from {regions[0]:.2f} to {regions[-1]:.2f}, F from {contours[0]:.2f} to {contours[-1]:.2f}.")

# %% [markdown]
# The object moves out of its own outline, and nothing that this system does could change that: it never looks at a frame again.

# %% [markdown]
# ## 8 · Baseline two: follow the motion
#
# If you knew where every pixel went, you could carry the mask along. That is what **optical flow** estimates: for each pixel of one frame the
# displacement $(u, v)$ at which its match lies in another. Lesson 01 builds networks for it; here we borrow a classical method, DIS, from OpenCV.
#
# One detail decides whether this works. We want a label for each pixel of the *new* frame, so we ask each new pixel where it **came from**, and fetch the label there:
#
# $$\text{ids}_t(x) = \text{ids}_{t-1}\big(x + w_{t \rightarrow t-1}(x)\big)$$
#
# That is the flow from the current frame *back* to the previous one. Pushing labels forward instead leaves a hole where no pixel lands, and a quarrel where two do.

# %%
from vostutor.ops.dis import dis_flow
from vostutor.viz import draw_flow, draw_wheel, show_pixels

moving = gallery["camera"]
flow = dis_flow(moving.frames[6], moving.frames[5])  # from frame 6 back to frame 5
reach = round(flow.norm(dim=0).quantile(0.99).item())
figure, axes = new_figure(1, 3, width=7.5, height=1.85, width_ratios=(5, 5, 3))
show_pixels(draw_masks(moving.frames[6], moving.ids[6], opacity=0, width=1), ax=axes[0], title="frame 6 of the camera clip")
show_pixels(draw_flow(flow, max_flow=reach), ax=axes[1], title="where each pixel came from")
show_pixels(draw_wheel(120, max_flow=reach), ax=axes[2], title=f"rim: {reach} pixels")
Picture(figure, alt=f"A frame with outlined objects; its flow back to the frame before, at most about {reach} pixels, nearly one colour over the ground; the wheel of directions.")

# %% [markdown]
# The colour of a pixel tells in which direction it *was* a frame ago, its strength how far; white has not moved. Most of this picture came from one side: the camera pans.
# What the camera follows is paler. Its rim is soft, and thin parts are lost: DIS matches patches, not pixels.
#
# > **Predict.** Behind a moving object, background appears that was hidden a frame ago. The flow there has to point *somewhere*. Which label will such a pixel fetch?
#
# ### Exercise 0.5 · fetch along the flow  (4 points · difficulty 3 of 5 · 20 minutes)
# Return int64 (H, W). `ids` int64 (H, W) are the labels of the previous frame. `flow` float32 (2, H, W) leads from each pixel of the current frame back to the previous one: `flow[0]` to the right, `flow[1]` down, in pixels.
# Round to the nearest pixel (`torch.round`); what comes from outside the picture is background.

# %% exercise="task.warp" points=4 difficulty=3 minutes=20
def warp_ids(ids, flow):
    # BEGIN SOLUTION
    height, width = ids.shape
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    from_column, from_row = (columns + flow[0]).round().long(), (rows + flow[1]).round().long()
    inside = (from_column >= 0) & (from_column < width) & (from_row >= 0) & (from_row < height)
    fetched = ids[from_row.clamp(0, height - 1), from_column.clamp(0, width - 1)]
    return torch.where(inside, fetched, 0)
    # END SOLUTION

# %%
warp_ids = check("task.warp", warp_ids)

# %%
from vostutor.models import FlowWarp

warped = predict_clip(FlowWarp(dis_flow, warp=warp_ids), clip)
regions = {"copy": curves_of(copied, clip, followed)[0], "flow warp": curves_of(warped, clip, followed)[0]}
figure, ax = new_figure(width=7.5, height=3)
plot_scores(regions, ax=ax, first_frame=1, statistics=statistics)
ends = ", ".join(f"{name} from {J[0]:.2f} to {J[-1]:.2f}" for name, J in regions.items())
Picture(figure, alt=f"J of both baselines over the frames: {ends}.")

# %% [markdown]
# ### Both on screen
# Press play, or drag the time line. The curves are means over the objects, computed by `jaccard` and `boundary_f` as they stand in this notebook. Watch the holes of the objects, the gaps between their limbs, and the strip behind whatever moves: which of them does flow warp fill?

# %%
from vostutor.widgets import ClipPlayer


def frame_scores(pred):
    """J and F of every frame, means over the clip's objects; the given frame and the last are not scored."""
    means = np.mean([curves_of(pred, clip, k) for k in clip.object_ids], axis=0)
    return {measure: [np.nan, *values, np.nan] for measure, values in zip("JF", means, strict=True)}


results = {"copy": copied, "flow warp": warped}
player = ClipPlayer(clip, results=results, scores={name: frame_scores(pred) for name, pred in results.items()})
player

# %% [markdown]
# ## 9 · Where each of them fails
#
# One clip proves nothing. So: every label, several clips, the metrics you wrote; and in the last row the same two systems on six real videos, stored with the course.

# %%
SYSTEMS = {"copy": lambda: CopyFirstMask(), "flow warp": lambda: FlowWarp(dis_flow, warp=warp_ids)}


def score(name, clip):
    """Mean J, F and decay of J over the clip's objects, and the masks that were scored."""
    pred = predict_clip(SYSTEMS[name](), clip)
    curves = [curves_of(pred, clip, k) for k in clip.object_ids]
    means = [(statistics(regions)[0], statistics(contours)[0], statistics(regions)[2]) for regions, contours in curves]
    return torch.tensor(means, dtype=torch.float64).mean(0).tolist(), pred


# %%
from tqdm.auto import tqdm

quiet = profile == "smoke"  # no progress bars in the stored notebook
clips_per_label = {"smoke": 2, "cpu": 8}.get(profile, 24)
pairs = [(label, seed + 100 + k) for label in LABELS for k in range(clips_per_label)]
with_flow = ("plain", "fast", "occlusion")  # of these we shall want to know the exact motion
exam = [draw_clip(*pair, flow=pair[0] in with_flow) for pair in tqdm(pairs, desc="drawing", disable=quiet)]
scored = {name: [score(name, c) for c in tqdm(exam, desc=name, disable=quiet)] for name in SYSTEMS}


# %%
def mean_of(name, label, which):
    """The mean of J (0), F (1) or D (2) of a system over the clips of a label."""
    return float(np.mean([means[which] for c, (means, _) in zip(exam, scored[name], strict=True) if label in c.labels]))

# %%
from vostutor.course.claims import stored_claims

claims = stored_claims("00")
rows = [{"label": label, **{f"{m} {name}": mean_of(name, label, i) for name in SYSTEMS for i, m in enumerate("JFD")}} for label in LABELS]
rows.append({"label": "6 real videos", **{f"{m} {name}": claims.mean(m, set="DAVIS", system=name) for name in SYSTEMS for m in "JFD"}})
Table(rows, caption=f"minivos, {clips_per_label} clips a label; last row: DAVIS, stored. D is the decay of J.")

# %% [markdown]
# Compare this with what you wrote down in section 3, and read two more things off the table.
#
# Copy is worst where things leave their outline soonest. On *drift* and *camouflage* it scores exactly as on *plain*: the masks are the same, and it never looks at anything else.
# *drift* and *distractor* cost flow warp almost nothing, *camouflage* a little. Neither system remembers what an object *looks like*, and between neighbouring frames a surface hardly changes, so looks can hardly fool them. The price comes with systems that do remember.
# Where something gets in front, in *occlusion* and *crossing*, read flow warp's decay: it begins as well as elsewhere and ends far below.
#
# **Decay** has to be read beside the mean: what starts low has little left to lose. Copy on *fast* has one of the smallest decays in the table, and one of the lowest means.
#
# And a table says *that* a system breaks. To learn *why*, look at the clip where it broke most: here the worst one of *fast*, then the worst one of *occlusion*, the truth above and what flow warp made of it below.

# %%
def worst_of(name, label):
    """The clip of that label with the lowest mean J, and the masks that the system gave."""
    runs = [(means[0], k) for k, (means, _) in enumerate(scored[name]) if label in exam[k].labels]
    return exam[min(runs)[1]], scored[name][min(runs)[1]][1]


def compare(worst, lost):
    tiles = [draw_masks(worst.frames[t], ids[t], width=1) for ids in (worst.ids, lost) for t in times]
    names = [f"{who} · frame {t}" for who in ("truth", "flow warp") for t in times]
    alt = f"{worst.name}: above the true masks, below the masks that flow warp carried along."
    return Picture(contact_sheet(tiles, columns=len(times), captions=names), alt=alt, width=900)


compare(*worst_of("flow warp", "fast"))

# %%
compare(*worst_of("flow warp", "occlusion"))

# %% [markdown]
# It is tempting to blame the flow. Blame is cheap, and here it can be measured: minivos knows the *exact* flow. Let it carry the masks, and see how much of the loss goes away.
#
# We can even guess which pixels are new: follow the flow back and then forward again. What was visible returns to where it started; what was uncovered does not.
# The limit of 1.5 pixels in the test is a compromise: a lower one eats the rims of objects, a higher one misses what slow objects uncover.
#
# > **Predict.** With the exact flow, will J be close to 1?

# %%
from vostutor.ops.warp import backward_warp


def uncovered_in(clip):
    """Pixels of frame t+1 that were probably hidden in frame t: the flow back, then forward, misses its start by over 1.5 pixels."""
    there_and_back = clip.flow_bwd + backward_warp(clip.flow_fwd, clip.flow_bwd)
    return there_and_back.norm(dim=1) > 1.5


def carry(clip, uncovered):
    """The first mask carried along the exact flow; what `uncovered` marks becomes background."""
    ids = [clip.ids[0]]
    for flow, new in zip(clip.flow_bwd, uncovered, strict=True):
        ids.append(warp_ids(ids[-1], flow).where(~new, 0))
    return torch.stack(ids)


# %%
def mean_j(pred, clip):
    return float(np.mean([np.mean(curves_of(pred, clip, k)[0]) for k in clip.object_ids]))


rows = []
for label in with_flow:
    clips = [c for c in exam if label in c.labels]
    nothing = [torch.zeros_like(uncovered_in(c)) for c in clips]
    exact = np.mean([mean_j(carry(c, none), c) for c, none in zip(clips, nothing, strict=True)])
    cured = np.mean([mean_j(carry(c, uncovered_in(c)), c) for c in clips])
    dis = mean_of("flow warp", label, 0)
    rows.append({"label": label, "DIS": dis, "exact flow": float(exact), "exact, uncovered = background": float(cured)})
Table(rows, caption="Mean J of the carried masks with three kinds of flow.")

# %% [markdown]
# Even a perfect flow does not save it; look how little it does better than the borrowed one, or whether at all. **What was uncovered got the wrong name.** Behind a moving object, background appears that was hidden a frame ago.
# Its true place a frame ago is *behind the object*, so it fetches the object's label, and keeps it. That is how holes and gaps fill up; behind a thing that moves straight on it draws a tail, the longer the faster the thing is.
# Knowing which pixels are new and calling them background gives back more than knowing the flow. Three suspects for the rest, none measured here: rounding (section 11); our test, which passes what moves little more than a pixel a frame;
# and limbs, since what a leg uncovers of its own body is called background too. *Occlusion* profits least: think about why before Question 0.B asks you.

# %% [markdown]
# ## 10 · Now you turn the switches
#
# Most labels of section 3 are one switch here: *fast* is *things: fast*, *distractor* is *look-alike*, *drift* is *surface: drifting*, *camouflage* is *colours: ground*. Below is one scene twice: above as its seed draws it,
# below with whatever switches you turn, and everything else left as it was where that is possible. *Litter* is what lies about and nobody annotated; *riding* means that the camera follows the things.
# Both baselines run on the clip that comes out, with `warp_ids` and `jaccard` as they stand in this notebook.
#
# > **Predict.** Six of the switches are listed in the next cell. For each, who loses by turning it, on average over many scenes: *copy*, *flow warp*, *both* or *neither*? And why? Fill in your guesses first.
# > Ask yourself each time what the system looks at: copy at nothing; flow warp at two neighbouring frames and its own last answer.

# %%
my_guess = {
    "camera: fast": "?",
    "things: fast": "?",
    "occluder: yes": "?",
    "look-alike: yes": "?",
    "colours: ground": "?",
    "light: wavering": "?",
}

# %% [markdown]
# It begins with a switch that is not in your list: the camera no longer follows the things. Press *all switches back*, turn the others one at a time, play, and read off where each curve falls below one half (a ring marks the place).
# In the frames, green is right, striped is lost, chequered is not the object; what a switch is about is written below the switches when you come to it.
# Find four things: a switch that hurts copy far more than flow warp; one that helps one of the two and hurts the other; several that change the picture and hardly either curve;
# and the frame in which the occluder takes the object away from flow warp. What has flow warp left from there on?

# %%
from vostutor.widgets import Switchboard

board = Switchboard({"riding": "no"}, frame=10, systems=SYSTEMS, jaccard=jaccard)
board

# %% [markdown]
# One scene proves nothing, again. So here is what each turn of a switch costs on average: J without it minus J with it, scene by scene, with twice the standard error.
# Somebody *loses* in this table where the cost is larger than that, and than a hundredth.

# %%
def cost_row(turn):
    """What a turn of a switch costs either baseline, who loses by it, and the guess that was made."""
    found = {name: claims.where(set="switches", name=turn, system=name)[0] for name in ("copy", "flow warp")}
    losers = [name for name, row in found.items() if row["cost"] > max(2 * row["se"], 0.01)]
    costs = {name: f"{row['cost']:+.3f} ± {2 * row['se']:.3f}" for name, row in found.items()}
    who = {0: "neither", 1: "".join(losers), 2: "both"}[len(losers)]
    return {"switch": turn, **costs, "who loses": who, "your guess": my_guess.get(turn, "")}


turns = list(dict.fromkeys(row["name"] for row in claims.where(set="switches")))
scenes = claims.where(set="switches")[0]["clips"]
Table([cost_row(turn) for turn in turns], caption=f"Cost in J of turning a switch, {scenes} scenes; below zero it helps.")

# %% [markdown]
# Read it column by column.
#
# **Copy** loses by what moves the *object in the frame*: camera, things, limbs, size, and what hides it. To what only changes how the picture *looks* (colours, litter, light, shutter, sensor) it is blind: the cost is zero, or nearly where something stands in front now and then.
#
# **Flow warp** loses by motion too, and most of all by the occluder, by far more than copy. Each pixel of the occluder comes from the occluder, and fetches its name: background. So the mask is wiped out while the object is covered, but for a few wisps at the rim,
# and when the object comes back nothing is left to carry. Copy's mask waits near the place. Flow warp can also lose a little by looks that make two neighbouring frames hard to match. Anything near a hundredth may come out otherwise with other scenes.
#
# **Two turns hurt one and help the other**: things that stand still, and a camera that does not follow. (Things that stand still are not followed either.) Now the camera's way is no longer taken off the object's, and the copied mask stays behind.
# But object and ground move almost alike, which is easy flow, and little is uncovered.
#
# **Neither** cares for light, shutter or sensor, much as you see them: DIS takes the mean brightness off each patch before it compares, and blurred patches still match. And neither falls for the look-alike, for the reason of section 9:
# the hundredth that it costs, it costs by standing in front now and then.
# You can put up to three systems of your own on this board: it takes whatever has `observe` and `step`.

# %% [markdown]
# ## 11 · The same two on real video

# %% [markdown]
# Here is what stands behind that last row: six sequences of DAVIS at 480 rows, and a third system beside the two. The table was measured by the command it names.

# %%
columns = [(measure, system) for measure in "JF" for system in ("copy", "flow warp", "soft warp")]


def row_of(title, **where):
    return {"sequence": title, **{f"{m} {system}": claims.mean(m, system=system, **where) for m, system in columns}}


names = [row["name"] for row in claims.where(set="DAVIS", system="copy")]
rows = [row_of(name, set="DAVIS", name=name) for name in names]
rows += [row_of("mean", set="DAVIS"), row_of("minivos, static", set="minivos", name="static"), row_of("minivos, mean", set="minivos")]
Table(rows, caption=f"Stored by: {claims.provenance['command']}")

# %% [markdown]
# *Soft warp* is flow warp without rounding: it carries probabilities, blends the four pixels around each place, and decides only when it is asked. An object that moves a third of a pixel per frame stands still for ever
# if every step is rounded; here it does not. In the drawn clips where only the camera moves (the row *minivos, static*) J gains by it; on the mean little changes, and where F falls, as in kite-surf, blending also blurs the outline, which is the likely reason.
#
# And there is a sequence in which *moving is worse than standing still*. In libby a dog runs behind one post after another, each of which wipes out a part of the mask for good; the camera follows the dog, so that the copied mask at least stays near it.
#
# Compare the row of means with the last one. For both baselines the drawn clips are on average about as hard as these six, as J sees it. They are easier in F, partly because rounding up makes its radius more generous here (1.1 % of the diagonal, against 0.8 % at 480 rows), and much shorter than a real shot. They also know only a dozen kinds of things (two more are kept back,
# to ask later what a network makes of what it never saw), and a network may learn just those. So a score on minivos says how a system behaves when one thing goes wrong, and a score on real video says how good it is. Read them together.
#
# If you started this notebook with `data_root`, the next cells run both systems on the first 24 frames of your own video and show the last of them. Otherwise they take one more drawn clip, and say so.

# %%
from itertools import islice

from vostutor.data.real import open_real
from vostutor.engine import predict

source = open_real(data_root) if data_root else draw_clip("camera", seed + 57, flow=False).source_of()
frames = [frame for frame, _ in islice(source, 24)]
live = {name: list(islice(predict(new(), source), 24)) for name, new in SYSTEMS.items()}
print(source.name if data_root else "no data_root was given: one more minivos clip")

# %%
last = len(frames) - 1
tiles = [draw_masks(frames[last], result[last].ids, width=1) for result in live.values()]
alt = f"Frame {last} of {source.name}, on the left with the copied mask, on the right with the one that flow warp carried along."
Picture(contact_sheet(tiles, captions=[f"{name} · frame {last}" for name in live]), alt=alt, width=900)

# %% [markdown]
# ## 12 · And the other tasks?
#
# Back to the first question. A *semantic* segmentation of a video is scored by class: add up intersections and unions of a class over **all** pixels of **all** frames, divide once, and average over classes. That is the **mIoU**.
#
# > **Predict.** We let the labels of the two things of section 1 swap in the second frame. What happens to mIoU? What happens to the mean J of the two objects?

# %%
from vostutor.metrics import confusion, mean_iou

swapped = pair.ids.clone()
first, second = pair.object_ids
swapped[1][pair.ids[1] == first], swapped[1][pair.ids[1] == second] = second, first
classes = mean_iou(confusion((pair.ids > 0).long(), (swapped > 0).long(), classes=2)).mean
objects = [jaccard(pair.ids[1] == k, swapped[1] == k) for k in pair.object_ids]
print(f"mIoU over {pair.categories[0]} and background: {classes:.2f}; mean J of the two in the swapped frame: {np.mean(objects):.2f}")

# %% [markdown]
# mIoU has no idea. It was made for a question in which identity does not occur. So a system that works frame by frame can have full marks there and not know who is who. The J of each object tells.

# %% [markdown] reflection="task.why_lost" points=3 difficulty=3 minutes=10
# ### Question 0.B  (3 points, read by your instructor)
# In section 9 even the exact flow, with uncovered pixels called background, did not bring the object back after an occlusion. Explain why no flow from each frame to the one before can, even if every uncovered pixel were known. What would a system have to remember, from when, and how would it use it?
# Sketch it in five sentences; lessons 04, 07 and 10 will each give another answer.

# %% [markdown] answer="task.why_lost"
# While the object is hidden no pixel of the current frame shows it, so there is nothing that a flow from the current frame back to the previous one could fetch its label from: even the exact flow leads from the occluder to the occluder.
# When the object comes back, its pixels lead to places where a frame ago the occluder was seen, not the object; calling them uncovered makes them background as well. The label is gone because the only memory of this system is the previous mask.
# (A flow straight back to the first frame could still fetch it: that is already a memory of an earlier frame.)
# A system that survives has to remember what the object *looks like*, from a frame in which it was seen for certain (the first one, at least), and compare new frames with that memory wherever the object may have gone.
# That can be a network fine-tuned on the first frame (lesson 04), a search for the most similar pixel of the first frame (lesson 07) or a growing memory of frames (lesson 10). Full points for: nothing to fetch, memory of appearance, from a trusted frame, compared again.

# %% [markdown]
# ## What you take along
#
# - Object segmentation follows *this thing*. No classes, one mask to start from, identity through time.
# - **J** counts area, **F** walks along the contour; each is blind where the other sees. Mean, recall and decay turn a curve into three numbers, and decay means little without the mean.
# - **Copy** never drifts and never moves. **Flow warp** moves and never forgets a mistake: what is uncovered gets the wrong name, what is hidden loses its own, and each answer is the truth of the next frame.
#
# **What breaks next.** Everything here stood on a borrowed flow. In lesson 01 you build it yourself, and find out why comparing two pictures has to be taught to a network.
#
# **Glossary.** *mask*, *ids*: an image of object numbers · *void*: pixels that are not scored · *semi-supervised*: first mask given · *J*: region similarity · *F*: contour accuracy · *recall*: share of frames above 0.5 · *decay*: first quarter minus last ·
# *optical flow*: displacement of each pixel between two frames · *backward warp*: fetching along the flow · *drift*: errors that grow because they are carried along · *distractor*: a look-alike that is not the object · *copy*, *flow warp*: the two baselines · *uncovered*: visible now, hidden a frame ago · *shutter*: how long each frame gathers light
#
# **References.**
# F. Perazzi, J. Pont-Tuset, B. McWilliams, L. Van Gool, M. Gross, A. Sorkine-Hornung. *A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation.* CVPR 2016. ·
# J. Pont-Tuset, F. Perazzi, S. Caelles, P. Arbeláez, A. Sorkine-Hornung, L. Van Gool. *The 2017 DAVIS Challenge on Video Object Segmentation.* 2017. ·
# T. Kroeger, R. Timofte, D. Dai, L. Van Gool. *Fast Optical Flow using Dense Inverse Search.* ECCV 2016. ·
# P. Voigtlaender et al. *MOTS: Multi-Object Tracking and Segmentation.* CVPR 2019.

# %%
finish("00")
