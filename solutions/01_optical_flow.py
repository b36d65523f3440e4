# ---
# jupyter:
#   vostutor:
#     title: "Optical flow: where did this pixel go?"
#     budgets:
#       smoke: {minutes: 0.5, memory_gb: 2.2}
#       cpu: {minutes: 5.0, memory_gb: 2.5}
# ---

# %% [markdown]
# # 01 · Optical flow: where did this pixel go?
#
# | | |
# |---|---|
# | **computing** | about 5 minutes on a laptop, of which three are training; on a GPU not measured yet |
# | **you** | about three hours, exercises included |
# | **you will be able to** | *judge* a flow by numbers and by eye · *build* a cost volume, the layer that compares · *train* a network on clips whose motion is known, and *change* those clips without breaking what is known of them · *tell* what is hidden by letting two flows contradict each other · *carry* a mask through a real video on a flow you trained |
# | **before** | lesson 00; convolutions |
# | **papers** | Dosovitskiy et al., *FlowNet: Learning Optical Flow with Convolutional Networks*, ICCV 2015 · Sundaram et al., *Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow*, ECCV 2010 |
#
# In lesson 00 a borrowed flow carried our mask. Now you build the lender. The picture below is the whole task: two frames go in, and for every pixel of the first a small arrow comes out that says where it is in the second.

# %% tags=["parameters"]
profile = "cpu"  # smoke, cpu, gpu or paper: how much this lesson does
seed = 0
data_root = None  # a DAVIS root, or a video of yours with its first mask beside it; None: minivos only
device = "cpu"

# %%
import numpy as np
import torch

from vostutor.checks import check, finish, hint
from vostutor.data import flow_split, take_pairs
from vostutor.viz import Picture, draw_flow, draw_wheel, new_figure, show_pixels

quiet = profile == "smoke"  # no progress bars in the stored notebook
split = flow_split(16 if profile == "smoke" else 120, report=None if quiet else print)
pairs = take_pairs(split, range(len(split)))
shown = 9  # the pair that we follow
frame1, frame2, flow = (pairs[name][shown] for name in ("frame1", "frame2", "flow"))

figure, axes = new_figure(1, 4, width=10, height=1.75, width_ratios=(5, 5, 5, 3))
for ax, image, title in zip(axes, (frame1, frame2), ("frame 1", "frame 2"), strict=False):
    show_pixels((255 * image).byte(), ax=ax, title=title)
show_pixels(draw_flow(flow, max_flow=12), ax=axes[2], title="where each pixel went")
show_pixels(draw_wheel(120, max_flow=12), ax=axes[3], title="rim: 12 px")
Picture(figure, alt="Two frames of a clip, the exact flow between them as colours, and the wheel that says which colour is which direction.")

# %% [markdown]
# Colour is direction, strength is distance; white has not moved. These are the colours of lesson 00, and from here on you will read them like a map.
#
# ## 1 · How wrong is a flow?
#
# A flow $F$ is two numbers a pixel: $u$ to the right, $v$ down. If the answer is $\hat F$, the distance between the two arrow tips is the **end-point error**, and its mean over all pixels is *the* number of this field:
#
# $$\mathrm{EPE} = \frac1N \sum_x \sqrt{(u - \hat u)^2 + (v - \hat v)^2}$$
#
# Before you believe a number, ask what it costs to reach it without looking. Three answers cost nothing: *nothing moves*; *everything moves alike*, with the best single vector that somebody who knows the truth could give for each pair;
# and the classical methods that OpenCV brings along, Farneback's and DIS.
#
# > **Predict.** In these clips the mean motion is about three pixels. So *nothing moves* has an EPE of about three. And the best single vector for each pair: two, one, or almost nothing? What would it mean if a network did no better than that?

# %%
from vostutor.engine import compare_flows
from vostutor.viz import Table

classical = compare_flows({}, split)
columns = ("flow", "epe", "fl_all", "objects", "occluded", "0-2 px", "2-5 px", "5-10 px", "10+ px")
Table(
    [{key: scores.row(name)[key] for key in columns} for name, scores in classical.items()],
    caption=f"End-point error in pixels, {len(split)} pairs: all pixels, parts of them, and by how far the pixel really went. fl_all: per cent of pixels wrong by more than 3 px and 5 %.",
    digits=2,
)

# %% [markdown]
# The best single vector halves the error: that much of the motion is the camera. A network that ends there has learned to see the camera and no object. These clips are drawn; section 11 puts the same methods on film. Look at the right end of the table, too: pixels that went more than ten pixels are
# wrong by about ten pixels, whatever the method. And what is *occluded* in frame 2 has no match at all; everybody can only guess there.

# %% [markdown]
# ## 2 · Just ask a network
#
# The bold idea of 2015: stack both frames into six channels, put them into an encoder and a decoder, and let gradient descent find out what to do. That is **FlowNetS** (S for simple).
# The encoder halves the resolution again and again, so that a late pixel has seen much; the decoder climbs back, predicts a flow at *every* level, and at each carries its guess up to the next, finer one.
#
# > **Predict.** The published network stops at a quarter of the resolution and enlarges the rest. If its predictions are in pixels of the full frame, what must the flow be multiplied by when it is enlarged four times?

# %%
from vostutor.models.flownet import PROFILES, FlowNetS

generator = torch.Generator().manual_seed(seed)
simple = FlowNetS(PROFILES["cpu"], generator=generator)
levels = simple(frame1[None], frame2[None])
for level, prediction in enumerate(levels, start=2):
    print(f"flow{level}: {tuple(prediction.shape)}")
print(f"{sum(p.numel() for p in simple.parameters()):,} weights here, {sum(p.numel() for p in FlowNetS(PROFILES['paper']).parameters()):,} in the paper")

# %% [markdown]
# By nothing. An enlarged picture of a flow has more pixels, and each of them still says how many pixels *of the frame* it went. (Had we enlarged the *frames*, the vectors would have grown with them. Many bugs in flow code come from mixing up the two.)
#
# Every level is told the truth, so every level needs a loss. The truth is averaged over the area of each coarse pixel and divided by 20, because networks like numbers of order one:
#
# $$L = \frac1B \sum_{l} w_l \sum_{p} \left\| \hat F_l(p) - \mathrm{area}_l(F / 20)(p) \right\|_2$$
#
# A **sum** over pixels, as in the released code. The weights are made for sums: a fine level has more pixels and so a larger say.
#
# ### Exercise 1.1 · the loss of all levels  (3 points · difficulty 2 of 5 · 15 minutes)
# `predictions` is a list of (B, 2, h, w), finest first, in pixels divided by `div_flow`; `flow` (B, 2, H, W) is the truth in pixels; `weights` has one number a level. Return the loss, a scalar that gradients can flow through, even where a prediction is exactly right: a bare square root has no slope at 0, `Tensor.norm` takes care of that.

# %%
import torch.nn.functional as F

# %% exercise="flow.multiscale_epe" points=3 difficulty=2 minutes=15
def multiscale_epe(predictions, flow, weights, div_flow):
    # BEGIN SOLUTION
    loss = 0
    for prediction, weight in zip(predictions, weights, strict=False):
        target = F.interpolate(flow / div_flow, size=prediction.shape[-2:], mode="area")
        loss = loss + weight * (prediction - target).norm(dim=1).sum()
    return loss / len(flow)
    # END SOLUTION

# %%
multiscale_epe = check("flow.multiscale_epe", multiscale_epe)

# %% [markdown]
# ## 3 · It hopes
#
# Now train it. The loop is `vostutor.engine.train`, which you should read once: draw a batch, take the gradient, take a step, write down the loss; every 50 steps a checkpoint. Press the square button and run the cell again: it goes on where it stood, unless you changed the loss.
#
# > **Predict.** Where will the error be after these few steps: at half of *nothing moves*, at a tenth below it, or hardly anywhere else?

# %%
from vostutor.data import flow_batches, flow_pool
from vostutor.engine import Bar, LiveCurve, Training, run_file, train
from vostutor.losses import LEVEL_WEIGHTS

pool = flow_pool(8 if profile == "smoke" else 160, report=None if quiet else print)


def objective(model, batch):
    predictions = model(batch["frame1"], batch["frame2"])
    weights = LEVEL_WEIGHTS[: len(predictions)]  # the paper has five levels, these small networks three
    return multiscale_epe(predictions, batch["flow"], weights, model.config.div_flow)


watchers = [LiveCurve("loss")] if quiet else [Bar(), LiveCurve("loss")]
hopeful = Training(steps={"smoke": 6}.get(profile, 150), warm_up=10)
kept = None if quiet else run_file("01-flownets", hopeful, seed, profile, multiscale_epe)  # another file for another loss
history = train(simple.to(device), flow_batches(pool), objective, hopeful, seed=seed, checkpoint=kept, watchers=watchers)

# %%
from vostutor.engine import flow_scores, network_flow
from vostutor.engine.flow import classical_flows

after = flow_scores(network_flow(simple), split)
print(f"nothing moves {classical['zero'].epe:.2f} px, FlowNetS after {history.steps} steps {after.epe:.2f} px")

# %% [markdown]
# It has hardly learned more than to say nothing. That answer is a **plateau**: to do better, two far ends of the network have to become useful at the same time. The first layers must learn to compare, and the last to read what they say;
# as long as one of them cannot, the other gets little reason to change. Patience helps, and section 6 shows how much of it. (The published network took 600,000 steps on a GPU.) But first let us think about what the network is missing.
#
# ## 4 · Comparing is a skill
#
# FlowNetS has to *discover* that motion is found by comparing. We can build it in. Describe every place of frame 1 and every place of frame 2 by a vector; a place that reappears should have a vector that points the same way.
# So ask, for each place $x$ and each displacement $d$ in a window, how well the two fit:
#
# $$c(x, d) = \tfrac1C \, \langle f_1(x),\, f_2(x + d) \rangle$$
#
# That is the **correlation layer**, and the stack of its answers is the **cost volume**. It has no weights at all.
#
# > **Predict.** The features have a quarter of the resolution, and the window reaches four of their pixels each way. Something moves 20 pixels between the frames. Is its true match inside the window?

# %%
reach = 4 * 4  # displacements times the stride of the features
print(f"the window reaches {reach} px: 20 px is {'inside' if reach >= 20 else 'outside'}")

# %% [markdown]
# ### Exercise 1.2 · the correlation layer  (4 points · difficulty 3 of 5 · 15 minutes)
# `f1`, `f2` have axes (B, C, H, W). Return (B, (2r+1)², H, W): channel `(dy + r) · (2r + 1) + (dx + r)` holds $c(x, (dx, dy))$. Outside the image there is nothing to match: those scores are 0.
# Gradients have to reach both inputs. A loop over displacements is a fine answer.

# %% exercise="flow.correlation" points=4 difficulty=3 minutes=15
def correlation(f1, f2, radius):
    # BEGIN SOLUTION
    height, width = f1.shape[-2:]
    padded = F.pad(f2, [radius] * 4)
    steps = range(2 * radius + 1)
    return torch.stack([(f1 * padded[..., y : y + height, x : x + width]).mean(1) for y in steps for x in steps], dim=1)
    # END SOLUTION

# %%
correlation = check("flow.correlation", correlation)

# %% [markdown]
# ### Look inside
# Click a pixel of frame 1, or walk there with the arrow keys. The heat map on frame 2 is *your* function's answer for that pixel; one arrow leads to its best match, the other to the true one.
# Find three pixels before you go on: one with a single sharp peak, one with a whole **ridge** of peaks, and one whose true match lies outside the window. Then make the window larger until it comes in, and look at what else comes in with it.

# %%
from vostutor.widgets import CorrelationProbe

probe = CorrelationProbe((frame1, frame2, flow), correlation=correlation)
probe

# %% [markdown]
# The ridge has a name: the **aperture problem**. Along a straight edge every place looks like its neighbours, and no comparison of small patches can tell them apart. What can is context, which is what the layers after this one are for.

# %% [markdown]
# ## 5 · From scores to arrows
#
# A cost volume is not a flow yet. The simplest way on is to take the best displacement; but *best* has no gradient. So take all of them, each as much as it deserves: a softmax over the displacements turns scores into shares, and the mean
# displacement, weighted by those shares, is a flow that gradients can run through:
#
# $$\hat F(x) = \sum_d d \; \frac{e^{\tau c(x, d)}}{\sum_{d'} e^{\tau c(x, d')}}$$
#
# > **Predict.** With a small $\tau$, what flow comes out everywhere? With a very large one?
#
# ### Exercise 1.3 · the expected displacement  (3 points · difficulty 2 of 5 · 10 minutes)
# `scores` (B, (2r+1)², H, W) in the channel order of your correlation. Return (B, 2, H, W), x then y, in pixels of the map.

# %% exercise="flow.expected_displacement" points=3 difficulty=2 minutes=10
def expected_displacement(scores, radius, temperature):
    # BEGIN SOLUTION
    share = (scores * temperature).softmax(dim=1)
    steps = torch.arange(-radius, radius + 1, dtype=scores.dtype, device=scores.device)
    down, right = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([(share * where.reshape(1, -1, 1, 1)).sum(1) for where in (right, down)], dim=1)
    # END SOLUTION

# %%
expected_displacement = check("flow.expected_displacement", expected_displacement)

# %% [markdown]
# No network yet, only descriptors that nobody trained: the 7 × 7 grey values around each place and their gradients. Your correlation compares them, your softmax makes arrows of the scores.
# And there is a second way to read the same scores. Neighbours mostly move alike. So let them vote together: average the scores of 9 × 9 places, displacement by displacement, *before* the softmax.
#
# > **Predict.** Each place alone, or nine by nine together: which is nearer to the truth, and is either better than saying nothing?

# %%
from vostutor.ops import resize_flow
from vostutor.widgets.probe_pair import describe_patches as describe

features = [describe(image[None], stride=2) for image in (frame1, frame2)]
alone = correlation(*features, 8)
together = F.avg_pool2d(alone, 9, stride=1, padding=4, count_include_pad=False)
figure, axes = new_figure(2, 4, width=10, height=3.4)
for row, (who, scores) in zip(axes, {"alone": alone, "together": together}.items(), strict=True):
    for ax, temperature in zip(row, (3, 30, 1000), strict=False):
        matched = resize_flow(expected_displacement(scores, 8, temperature), frame1.shape[-2:])[0]
        error = (matched - flow).norm(dim=0).mean()
        show_pixels(draw_flow(matched, max_flow=12), ax=ax, title=f"{who}, τ = {temperature}: {error:.1f} px")
show_pixels(draw_flow(flow, max_flow=12), ax=axes[0, 3], title=f"exact; zero is {flow.norm(dim=0).mean():.1f} px off")
axes[1, 3].set_axis_off()
Picture(figure, alt="Flow from untrained descriptors at three temperatures, each place alone and 81 places together, beside the exact flow: pale, noisy, noisier above; pale, then smoother and nearer to the exact flow below.")

# %% [markdown]
# With a small $\tau$ every place hesitates between all displacements and stays where it is. (The argument is called `temperature` as in many networks' code; in physics it would be its inverse.) With a large one it jumps to whichever patch looks best, mostly a wrong one: a 7 × 7 patch of a smooth surface has a hundred twins, and alone it is worse than saying nothing.
# Together the same scores are clearly better than nothing, without a single learned weight. They pay at the borders of objects, where neighbours do *not* move alike; a square does not know that. Better descriptors, and neighbours who know who belongs together: that is what is left to learn.
#
# ## 6 · FlowNetC
#
# So let a network do the rest. **FlowNetC** (C for correlation) gives both frames the *same* first layers, compares what comes out with *your* correlation, puts a little of frame 1 beside it, so that the layers that follow know what they are looking at, and goes on like FlowNetS.
#
# The literal FlowNetC passes the raw scores on. We change one thing and say so: features of length one, and the softmax of section 5 over the displacements, with a temperature that is learned. Shares instead of scores; nothing else.
#
# > **Predict.** Three networks: FlowNetS, FlowNetC with raw scores as published, FlowNetC with shares. All see the same pairs. Which leaves the plateau first, and how much sooner?

# %%
from vostutor.course.claims import stored_claims

claims = stored_claims("01")
names = {"S": "FlowNetS", "C raw": "FlowNetC, raw scores", "C": "FlowNetC, shares"}
figure, axes = new_figure(1, 1, width=6.5, height=2.6)
for (system, name), colour in zip(names.items(), ("#D55E00", "#0072B2", "#009E73"), strict=True):
    rows = claims.where(set="training curves", system=system)
    losses = np.array([row["losses"] for row in rows])
    steps = rows[0]["every"] * np.arange(1, losses.shape[1] + 1)
    axes.plot(steps, losses.mean(axis=0), color=colour, label=name)
    axes.fill_between(steps, losses.min(axis=0), losses.max(axis=0), color=colour, alpha=0.2, linewidth=0)
axes.set(xlabel="step", ylabel="training loss", xlim=(0, steps[-1]), ylim=(0, None))
axes.legend(frameon=False)
Picture(figure, alt="Training loss over 900 steps, the mean of five seeds and their range: FlowNetS stays high for about two hundred steps and FlowNetC with raw scores for nearly four hundred, FlowNetC with shares falls at once.")

# %% [markdown]
# Shares leave at once. Raw scores do not help at all in the beginning: a product of two random features says more about how bright the two places are than about whether they fit, and the layers behind it first have to learn to divide that out. Divide it out by hand, and even random features point the right way, because a place resembles itself.
#
# But before we train, more pairs for nothing.
#
# ### The same pair, seen otherwise
# Mirror both frames: the flow's $u$ changes its sign. Enlarge both: the vectors grow. Shift frame 2 alone: everything moved. All of it is one formula. Frame 1 is shown through an affine map $A_1$, frame 2 through $A_2$. A new pixel shows the old place $p$; from there the
# content went to $p + F(p)$; and in the new frame 2 that is
#
# $$F'(A_1 p) = A_2\big(p + F(p)\big) - A_1 p$$
#
# > **Predict.** Both frames are turned by 90° clockwise. A pixel moved to the right by 2. Which way does it move now?
#
# ### Exercise 1.4 · flow under a change of view  (3 points · difficulty 3 of 5 · 15 minutes)
# `points` (2, H, W) holds the old place $p$, x then y, that each new pixel shows; `flow` (2, H, W) is the old flow *there*; `view1`, `view2` (2, 3) are $A_1$, $A_2$. Return the new flow (2, H, W).

# %% exercise="flow.change_view" points=3 difficulty=3 minutes=15
def change_view(points, flow, view1, view2):
    # BEGIN SOLUTION
    def moved(view, places):
        return torch.einsum("ij,jhw->ihw", view[:, :2], places) + view[:, 2:, None]

    return moved(view2, points + flow) - moved(view1, points)
    # END SOLUTION

# %%
change_view = check("flow.change_view", change_view)

# %%
turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])  # by 90 degrees clockwise: right becomes down
print("(2, 0) turned with the picture:", change_view(torch.zeros(2, 1, 1), torch.tensor([2.0, 0.0]).reshape(2, 1, 1), turn, turn).flatten().tolist())

# %% [markdown]
# Three changes of one pair, drawn at random. If your formula is right, the new flow brings the new frame 2 back onto the new frame 1: the last column, their difference, is dark but for what is hidden.

# %%
from vostutor.data import augment_pair, draw_change
from vostutor.ops import backward_warp
from vostutor.viz import contact_sheet

pair = [image[None].repeat(3, 1, 1, 1) for image in (frame1, frame2, flow)]
changed = augment_pair(*pair, draw_change(torch.Generator().manual_seed(seed + 1), 3, frame1.shape[-2:]), change_view=change_view)
back = backward_warp(changed["frame2"], changed["flow"])
off = (3 * (back - changed["frame1"]).abs()).clamp(max=1)
tiles = []
for k in range(3):
    tiles += [(255 * changed[name][k]).byte() for name in ("frame1", "frame2")]
    tiles += [draw_flow(changed["flow"][k], max_flow=12), (255 * off[k]).byte()]
names = ["frame 1", "frame 2", "flow", "difference, times 3"]
Picture(contact_sheet(tiles, columns=4, captions=names * 3), alt="Three changed versions of a pair, each with its new flow, and the difference that is left after warping.", width=900)

# %% [markdown]
# ## 7 · Train it
#
# Your correlation compares, your loss says how wrong, your formula makes the pairs.
#
# > **Predict.** Which pixels will it get right first: those that only the camera moves, or those of the objects?

# %%
from dataclasses import replace

from vostutor.models.flownet import FlowNetC
from vostutor.zoo import load

def compare(f1, f2, *, max_displacement, stride2):
    """Your correlation, as the network calls it; it steps by single pixels of the map."""
    return correlation(f1, f2, max_displacement // stride2)


config = replace(PROFILES["cpu"], cost="softmax")
network = FlowNetC(config, correlation=compare, generator=generator)
if profile == "smoke":
    network.load_state_dict(load("flownetc-softmax", "cpu").state_dict())
    print("smoke: no time to learn from nothing, so this run begins with the shipped weights and only shows that it trains")

# %%
settings = Training(steps={"smoke": 6, "cpu": 900}.get(profile, 4000), rate=1e-4 if profile == "smoke" else 2e-3, warm_up=10)
kept = None if quiet else run_file("01-flownetc", settings, seed, profile, multiscale_epe, correlation, change_view)
watchers = [LiveCurve("loss")] if quiet else [Bar(), LiveCurve("loss")]
batches = flow_batches(pool, change_view=change_view)
history = train(network.to(device), batches, objective, settings, seed=seed, checkpoint=kept, watchers=watchers)

# %% [markdown]
# ## 8 · Where it is right, and where it fails

# %%
systems = {"FlowNetS, section 3": network_flow(simple), "FlowNetC, yours": network_flow(network)}
shipped = {"FlowNetS, shipped": "flownets", "FlowNetC, shipped": "flownetc", "with shares, shipped": "flownetc-softmax"}
systems |= {name: network_flow(load(system, "cpu")) for name, system in shipped.items()}
table = classical | {name: flow_scores(function, split) for name, function in systems.items()}
Table([{key: scores.row(name)[key] for key in columns} for name, scores in table.items()],
      caption=f"End-point error in pixels on {len(split)} pairs that no training has seen.", digits=2)

# %% [markdown]
# The shipped networks are the same three, with as many weights as yours, but 16,000 steps and five times as many scenes; their cards (`vostutor models`) say how they were made. Read the table in four directions.
#
# **Objects:** the ground came first. On objects the error of every network is more than twice that of all pixels together.
# **Down:** patience carries all three across the plateau, even FlowNetS, and past every classical method of this table. What was built in is a head start; within a laptop's patience that decides.
# **Right:** look at the last column. Pixels that went farther than the window reaches (16 px) cannot be matched, whatever was learned. That is the price of building comparison in: what lies outside the window does not exist. FlowNetS has no window. Section 12 measures whether that helps it.
# **Occluded:** nothing to match, so all that is left is to continue what the surroundings do. Whether a network learned that is visible in this column and nowhere else.
#
# The pair on which your network does worst, with its error beside it:

# %%
worst = int(table["FlowNetC, yours"].per_pair.argmax())
first, second, truth = (pairs[name][worst] for name in ("frame1", "frame2", "flow"))
guess = systems["FlowNetC, yours"]((255 * first).byte(), (255 * second).byte())
largest = float(truth.norm(dim=0).quantile(0.99))
miss = (guess - truth).norm(dim=0)
wrong = (miss / largest).clamp(max=1)
unseen = pairs["occluded"][worst]
beyond = (truth.abs().amax(dim=0) > reach) & ~unseen
figure, axes = new_figure(1, 4, width=10, height=1.75)
show_pixels((255 * first).byte(), ax=axes[0], title=f"pair {worst}, frame 1")
for ax, field, title in zip(axes[1:], (truth, guess), ("exact", "yours"), strict=False):
    show_pixels(draw_flow(field, max_flow=largest), ax=ax, title=title)
show_pixels((255 * wrong).byte(), ax=axes[3], title=f"error, white: {largest:.0f} px")
print(f"of the error, {miss[unseen].sum() / miss.sum():.0%} is on pixels hidden in frame 2 and {miss[beyond].sum() / miss.sum():.0%} on pixels that went beyond the window")
Picture(figure, alt=f"The worst pair: its frame 1, the exact flow, the network's, and the error, white where it is {largest:.0f} pixels or more.")

# %% [markdown]
# What is hidden in frame 2 cannot be found, and what went beyond the window cannot either. The rest is neither: thin legs and the borders of things, for which a quarter of the resolution is too coarse, and things that move otherwise than everything around them.
#
# ## 9 · What is hidden
#
# Lesson 00 ended with a suspicion: masks go wrong where something was uncovered, and nobody told us where. Now we can find out. Ask the network twice, forth from frame 1 to frame 2 and back. A pixel that is visible in both goes there and comes home. One that is
# covered lands on whatever covers it, takes *that* thing's way back, and does not come home:
#
# $$\big| F(x) + B(x + F(x)) \big|^2 \;\ge\; 0.01 \left( |F(x)|^2 + |B(x + F(x))|^2 \right) + 0.5 \quad\Rightarrow\quad x \text{ is occluded}$$
#
# The right side forgives a little, and more where things are fast. What lands outside the picture is occluded too.
#
# ### Exercise 1.5 · two flows that do not meet  (3 points · difficulty 3 of 5 · 15 minutes)
# `flow_fwd`, `flow_bwd` (B, 2, H, W). Return bool (B, H, W): true where occluded. Inside the picture means $0 \le x \le W - 1$ and $0 \le y \le H - 1$. `backward_warp(image, flow)` fetches along a flow, zeros from outside; you have used it above.

# %% exercise="flow.find_occluded" points=3 difficulty=3 minutes=15
def find_occluded(flow_fwd, flow_bwd):
    # BEGIN SOLUTION
    height, width = flow_fwd.shape[-2:]
    returned = backward_warp(flow_bwd, flow_fwd)
    length = flow_fwd.square().sum(1) + returned.square().sum(1)
    apart = (flow_fwd + returned).square().sum(1) >= 0.01 * length + 0.5
    x = torch.arange(width) + flow_fwd[:, 0]
    y = torch.arange(height)[:, None] + flow_fwd[:, 1]
    return apart | (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    # END SOLUTION

# %%
find_occluded = check("flow.find_occluded", find_occluded)

# %%
forth = network.flow(frame1[None].to(device), frame2[None].to(device)).cpu()
home = network.flow(frame2[None].to(device), frame1[None].to(device)).cpu()
hidden = {"true": pairs["occluded"][shown], "found": find_occluded(forth, home)[0]}
agree = (hidden["true"] & hidden["found"]).sum() / (hidden["true"] | hidden["found"]).sum()
tiles = [(255 * frame1).byte(), *[(255 * mask).byte().expand(3, -1, -1) for mask in hidden.values()]]
alt = "Frame 1; what of it is hidden in frame 2; what two flows of the network that do not meet say is hidden."
print(f"they agree on {agree:.0%} of all pixels that either calls hidden")
Picture(contact_sheet(tiles, captions=["frame 1", "hidden in frame 2", "found by two flows"]), alt=alt, width=900)

# %% [markdown]
# What is truly hidden are rims of objects, on the side to which they move, and the edge of the picture where the camera leaves it: thin, and exactly where masks go wrong. What was found are blobs beside them. The network's flow is smooth where objects end, so its two flows contradict each other in a whole neighbourhood of a border: the right places, and too much of each. In lesson 02 these pixels will be given back to the background.

# %% [markdown] reflection="flow.why_plateau" points=3 difficulty=3 minutes=10
# ### Question 1.A  (3 points, read by your instructor)
# FlowNetS and FlowNetC with shares have about the same number of weights. In section 6 both saw the same pairs, in the same order. Explain in your own words why one left the plateau at once and the other only after some two hundred steps. What would change with 600,000 steps?

# %% [markdown] answer="flow.why_plateau"
# The loss of FlowNetS falls only if early filters make both frames comparable *and* late filters read a displacement off them; with either alone the best answer is the mean, near zero. The gradient of each half is therefore tiny until the other half exists.
# FlowNetC with shares gets the comparison for nothing: even random features match themselves better than others, so the shares already point the right way and the late layers have something to read from the first step on. With more steps FlowNetS finds the comparison by itself, as the curve of section 6 shows;
# with 600,000 the difference is a matter of time, not of what can be represented (and FlowNetS has no window). Full points for: comparison has to be learned, two parts that need each other, given by construction with shares, time. A bonus for noticing that C was also trained longer here than S in section 3.

# %% [markdown]
# ## 10 · The same layer, another question
#
# Nothing about your correlation knows that the two pictures are neighbours in time. Give it two pictures of one wall from two places (here one drawn picture, and the same seen otherwise by a rule that we know) and ask: *which transformation leads from the one to the other?* A plane seen from elsewhere is changed by a **homography**, eight numbers.
# Every place votes with its best match; many votes are wrong; a robust fit (RANSAC) finds the eight numbers that most of them agree on.
#
# > **Predict.** More than half of the votes are wrong, some by twenty pixels. How wrong will the fit be?

# %%
import cv2

truth_h = np.array([[0.86, -0.08, 15.0], [0.06, 0.84, 3.0], [2e-4, -3e-4, 1.0]])
wall = pairs["frame1"][2]
seen = cv2.warpPerspective(wall.permute(1, 2, 0).numpy(), truth_h, (160, 96), borderMode=cv2.BORDER_REFLECT)
seen = torch.from_numpy(seen).permute(2, 0, 1)
described = [describe(image[None], stride=2) for image in (wall, seen)]
scores = correlation(*described, 8)[0]
best = scores.argmax(0)
steps = torch.stack([best % 17 - 8, best // 17 - 8]) * 2
at = torch.stack(torch.meshgrid(torch.arange(scores.shape[2]), torch.arange(scores.shape[1]), indexing="xy")) * 2
votes = [field.flatten(1).T.numpy().astype(np.float32) for field in (at, at + steps)]
found_h, agreed = cv2.findHomography(*votes, cv2.RANSAC, 2.0)
all_h, _ = cv2.findHomography(*votes, 0)  # least squares: every vote counts, wrong ones too

# %%
corners = np.float32([[[0, 0]], [[159, 0]], [[159, 95]], [[0, 95]]])
there, fitted, pulled = (cv2.perspectiveTransform(corners, h) for h in (truth_h, found_h, all_h))
off, far = (np.linalg.norm(there - box, axis=2).mean() for box in (fitted, pulled))
outline = np.ascontiguousarray((255 * seen).byte().permute(1, 2, 0).numpy())
for box, colour in ((pulled, (230, 159, 0)), (there, (0, 158, 115)), (fitted, (213, 94, 0))):
    cv2.polylines(outline, [np.int32(box.round())], True, colour, 1)
print(f"{agreed.mean():.0%} of the votes agree; corners of the robust fit (red, over the green true ones) are {off:.1f} px off, of the fit to all votes (yellow) {far:.1f} px")
panels = [(255 * wall).byte(), torch.from_numpy(outline).permute(2, 0, 1)]
alt = f"A picture, and the same seen otherwise with three outlines: true (green), robust fit (red, {off:.1f} px off), fit to all votes (yellow, {far:.1f} px off)."
Picture(contact_sheet(panels, captions=["A", "B, and A's frame in it"]), alt=alt, width=700)

# %% [markdown]
# Most votes are wrong, and it does not matter: wrong votes are wrong each in its own way, right ones all agree. A fit that lets everybody count is pulled away by the noise.
#
# That is how panoramas were stitched long before anybody trained anything, and it is the other use of this layer that the lecture hints at: *find the transformation from A to B*. In lesson 08 a network will do the fitting too.
#
# ## 11 · Real video
#
# Everything above was drawn. The table is not: one pair of the film Sintel, whose flow is known because it was rendered, and six videos of DAVIS, on which nobody knows the flow. There a flow is judged by what it is good for: the first mask carried along it.

# %%
heights = sorted({row["rows"] for row in claims.where(set="Sintel pair")}, reverse=True)
sintel = {}
for row in claims.where(set="Sintel pair"):
    if row["seed"] is None:  # the shipped networks, and what learned nothing
        told = sintel.setdefault(row["system"], {"flow": row["system"]} | {f"from {rows} rows": None for rows in heights})
        told[f"from {row['rows']} rows"] = row["epe"]
Table(list(sintel.values()), caption="End-point error in pixels on the Sintel pair, frames at full size or shrunk to 224 rows before a network saw them.", digits=2)

# %%
systems_on_film = dict.fromkeys(row["system"] for row in claims.where(set="DAVIS"))
film = [
    {"flow": system} | {key: claims.mean(key, set="DAVIS", system=system) for key in ("J", "F", "photometric")}
    for system in systems_on_film
]
Table(film, caption="Means over six DAVIS sequences at 240 rows (lesson 00 had 480, where DIS is better): the first mask carried along each flow (J, F), and the grey levels that are left after warping one frame onto the next.", digits=3)

# %% [markdown]
# Two columns contradict each other, and that is worth a minute. After warping, both FlowNetCs leave about a quarter more grey levels than DIS, where *nothing moves* leaves four times as many: from one frame to the next they are quite good, though they have never seen a photograph.
# And yet a mask that is carried along them ends no better than one that was left where it was, while DIS gains a tenth.
#
# > **Predict.** Two flows have the same end-point error. One errs by a pixel in every direction, the other by a pixel to the left, everywhere on the object. Which would you carry a mask on, for fifty frames?

# %%
def shared_error(function):
    """How long the mean error vector of a pair's objects is, beside the mean length of their error vectors; medians over pairs."""
    agreed, length = [], []
    for k in range(len(split)):
        on = pairs["objects"][k] & ~pairs["occluded"][k]
        if on.sum() > 50:
            error = (function(*((255 * pairs[name][k]).byte() for name in ("frame1", "frame2"))) - pairs["flow"][k])[:, on]
            agreed.append(error.mean(dim=1).norm())
            length.append(error.norm(dim=0).mean())
    return torch.stack(agreed).median(), torch.stack(length).median()


for name, function in {"shares, shipped": systems["with shares, shipped"], "DIS": classical_flows()["DIS medium"]}.items():
    agreed, length = shared_error(function)
    print(f"{name}: error vectors on objects are {length:.1f} px long, their mean {agreed:.1f} px")

# %% [markdown]
# A hint, from drawn clips, where the truth is known. Over all pixels the network errs less than DIS; on the objects of a typical pair it errs more, and so does the mean of its errors, the part on which they agree. Errors that point anywhere cancel from frame to frame; what they agree on adds up.
# The average over all pixels is mostly ground and does not see it. Whoever carries masks should measure what carries masks; in lesson 02 flow and mask are estimated together.
#
# If you started this notebook with `data_root`, the next cell carries the first mask through the first 24 frames of your own video. Otherwise it takes a drawn clip, and says so.

# %%
from itertools import islice

from vostutor.data import draw_clip
from vostutor.data.real import open_real
from vostutor.engine import predict
from vostutor.models import FlowWarp
from vostutor.ops import dis_flow
from vostutor.viz import draw_masks

source = open_real(data_root) if data_root else draw_clip("camera", seed + 57, flow=False).source_of()
frames = [frame for frame, _ in islice(source, 24)]
carried = {"DIS": dis_flow, "yours": network_flow(network)}
results = {name: list(islice(predict(FlowWarp(function), source), 24)) for name, function in carried.items()}
print(source.name if data_root else "no data_root was given: one more minivos clip")

# %%
last = len(frames) - 1
tiles = [draw_masks(frames[last], result[last].ids, width=1) for result in results.values()]
alt = f"Frame {last} of {source.name}: on the left the mask that DIS carried, on the right the one that your network carried."
Picture(contact_sheet(tiles, captions=[f"{name} · frame {last}" for name in results]), alt=alt, width=900)

# %% [markdown]
# ## 12 · What the paper claims
#
# Four claims, measured with networks as small as yours, five seeds each. *Cannot tell* is an honest answer: the difference is smaller than twice its standard error.

# %%
from vostutor.course.claims_01 import verdicts

def told(row):
    means = " · ".join(f"{name} {mean:.2f}" for name, mean in row["means"].items())
    return {"claim": row["claim"], "says": row["says"], "means": means, "difference": f"{row['difference']:.2f} ± {row['se']:.2g}", "verdict": row["verdict"]}


Table([told(row) for row in verdicts(claims)], caption="Claims of lesson 01, in pixels; C3 in shares of the error of zero flow. Differences are paired by seed, ± one standard error; positive ones speak for the claim.")

# %% [markdown]
# - **C1** holds with shares, and not as published: raw scores leave the plateau last of the three (section 6), and after 900 steps they are still behind FlowNetS. With patience it turns round: of the shipped networks FlowNetC errs less than FlowNetS, but that is one run each, a hint and no proof.
# - **C2** does not hold on pairs like those of the training, and holds on faster ones. In 900 steps of eight a network meets each of the 1,600 pairs four or five times: there is nothing to be memorised yet, and changed pairs are harder. What augmentation does give is motion that the scenes do not have.
# - **C3** holds for the gain: just inside its window FlowNetC gains much on FlowNetS, beyond it nothing; out there both are worse than a constant. That FlowNetS is *better* out there, as the paper reports, five seeds of ours cannot tell.
# - **C4** holds: a network that knows sprites only finds much of the motion of a film, after 900 steps. DIS, which learned nothing, is better still.

# %% [markdown] reflection="flow.toy" points=3 difficulty=3 minutes=10
# ### Question 1.B  (3 points, read by your instructor)
# On our clips the shipped networks beat every classical method of the table. On the Sintel pair DIS medium is better, and masks are better left alone than carried along them. Name two properties of real film that our clips lack or exaggerate, and for each say which part of the training you would change, and how you would find out whether it helped without looking at Sintel.

# %% [markdown] answer="flow.toy"
# For example: real textures are finer and less contrasted, and motion blur and compression treat them differently, so features learned on drawn surfaces may not match; change the textures or add blur and noise in augmentation. Real motion is mostly small with few very large parts and depends on depth everywhere, while our scenes have a few flat layers; draw more layers
# or another distribution of speeds. Finding out: hold back kinds of textures, of speeds, or of categories from training, and measure on those, or use the photometric error after warping on unlabelled video; Sintel is looked at once, at the end. Full points for two sound differences, a matching change, and a test that does not use the final exam.

# %% [markdown]
# ## What you take along
#
# - **EPE** is a mean of arrow lengths, and only means something beside *nothing moves*, the best single vector, and a method that learned nothing.
# - **Comparing** is the skill, and to build it in is not enough: raw scores came out of the plateau later than no comparison at all. Divided by length and made shares of one, the same scores left it at once.
# - **A window** is a promise: inside it matches can be found, outside it nothing exists.
# - Whatever is done to frames has to be done to their flow, and it is **one formula**.
# - Two flows that **do not meet** mark what is hidden.
#
# **What breaks next.** The flow is smooth where objects end, because nobody told it that objects exist. In lesson 02 flow and masks are estimated together, and each repairs the other.
#
# **Glossary.** *optical flow*: displacement of each pixel between two frames · *EPE*: end-point error · *Fl-all*: share of pixels wrong by more than 3 px and 5 % · *correlation layer*, *cost volume*: scores of all displacements in a window · *aperture problem*: along an edge all matches look alike · *plateau*: where the loss does not move because two parts need each other · *soft-argmax*: the expected displacement · *occluded*: visible in frame 1, hidden in frame 2 · *homography*: how a plane changes when it is seen from elsewhere
#
# **References.** A. Dosovitskiy, P. Fischer, E. Ilg, P. Häusser, C. Hazırbaş, V. Golkov, P. van der Smagt, D. Cremers, T. Brox. *FlowNet: Learning Optical Flow with Convolutional Networks.* ICCV 2015. ·
# N. Sundaram, T. Brox, K. Keutzer. *Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow.* ECCV 2010. · G. Farnebäck. *Two-Frame Motion Estimation Based on Polynomial Expansion.* SCIA 2003. ·
# D. J. Butler, J. Wulff, G. B. Stanley, M. J. Black. *A Naturalistic Open Source Movie for Optical Flow Evaluation.* ECCV 2012. · M. A. Fischler, R. C. Bolles. *Random Sample Consensus.* CACM 1981.

# %%
finish("01")
