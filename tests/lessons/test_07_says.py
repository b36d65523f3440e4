"""What lesson 07 says of its figures is what the stored tables and its own stored output hold."""

import json
import re

from tests.conftest import ROOT
from vostutor.course.claims import stored_claims
from vostutor.course.claims_07 import SHIPPED, shipped, verdicts
from vostutor.course.master import read_master
from vostutor.course.notebook import read_notebook
from vostutor.course.retrieval_trials import VARIANTS
from vostutor.course.verdicts import FAILS, HOLDS, OPEN
from vostutor.data import draw_clip, home
from vostutor.engine.cards import read_card
from vostutor.zoo import weights_file

CLAIMS, EARLIER = stored_claims("07"), stored_claims("04")
CLAIM = {told["claim"]: told for told in verdicts(CLAIMS)}
BASELINES = json.loads((home() / "minivos-baselines.json").read_text())["labels"]
KINDS = ("plain", "occlusion", "distractor", "drift")
LABELS = ("plain", "occlusion", "crossing", "distractor", "drift", "fast")


MASTER = ROOT / "solutions/07_pixel_retrieval.py"
WORDS = " ".join(" ".join(cell.source for cell in read_master(MASTER).cells if cell.kind == "markdown").split())


def said(phrase: str) -> list[float]:
    """The numbers that a phrase of the lesson names, which stands in it once; # stands for a number."""
    (found,) = re.findall(re.escape(phrase).replace(r"\#", r"(-?\d*\.?\d+)"), WORDS)
    return [float(number) for number in ([found] if isinstance(found, str) else found)]


def rounded(*values: float) -> list[float]:
    return [round(value, 2) for value in values]


def on(kind: str, system: str, measure: str = "J") -> float:
    return CLAIMS.mean(measure, set=kind, system=system)


def overall(system: str) -> float:
    return sum(on(kind, system) for kind in KINDS) / len(KINDS)


def labelled(label: str, system: str, measure: str = "J") -> float:
    return on(f"{label}, baselines", f"shipped {system}", measure)


def on_film(system: str, rows: int | None = 240, measure: str = "J", table=CLAIMS, **where) -> float:
    return table.mean(measure, set="DAVIS", system=system, rows=rows, **where)


def osvos(measure: str = "J", **where) -> float:
    return on_film("OSVOS", table=EARLIER, measure=measure, scored=None, **where)


def outputs(source: str) -> str:
    """The text of the outputs of the one cell in the stored solution in whose source a phrase stands."""
    cells = read_notebook(ROOT / "solutions/07_pixel_retrieval.ipynb").cells
    (cell,) = [cell for cell in cells if cell.cell_type == "code" and source in cell.source]
    return "\n".join(out.get("text") or out["data"].get("text/plain", "") for out in cell.outputs)


def numbers(pattern: str, text: str) -> tuple[float, ...]:
    return tuple(float(found.replace(",", "")) for found in re.search(pattern, text).groups())


def row(name: str, table: str) -> list[float]:
    """The figures of a row of a table that was stored as text."""
    (found,) = re.findall(rf"(?m)^{re.escape(name)}((?: +[-.\d]+)+)$", table)
    return [float(value) for value in found.split()]


def test_figures_are_of_the_weights_that_are_shipped():
    for system, (_, weights) in shipped().items():
        assert {told["weights"] for told in CLAIMS.where(set="DAVIS", system=system)} == {weights}
    assert set(SHIPPED) == set(shipped())


# ---- sections 1 to 5


def test_copy_is_as_bad_as_the_prediction_says():
    assert all(0.3 <= round(BASELINES[label]["copy"]["J"], 1) <= 0.4 for label in KINDS)


def test_a_swan_is_found_by_its_colour_and_a_car_is_not():
    found = rounded(*(on_film("nearest colour", name=name) for name in ("blackswan", "car-shadow")))
    assert found == said("is found by its colour (J #), a dark car on a grey road is not (#)")


def test_nearest_colour_beats_copy_is_fooled_by_a_twin_and_place_helps():
    table = outputs("scoreboard = {name")
    copy, colour, placed = (row(name, table) for name in ("copy", "nearest colour", "colour and place"))
    assert all(a < b for a, b in zip(copy[:3], colour[:3], strict=True)) and colour[2] < colour[0] - 0.2
    assert placed[2] > colour[2] + 0.2
    assert [round(on_film(name), 2) for name in ("nearest colour", "colour and place")] == [colour[3], placed[3]]


def test_the_mean_of_positives_prefers_to_look_away():
    closest, right, mean, wrong = numbers(
        r"yours (\d+) degrees, where (\d+)% .*positives (\d+) degrees, where (\d+)%", outputs("strip.set_yticks")
    )
    assert closest < 10 and right == 100 and mean > 80 and wrong < 75


def test_the_shipped_embedding_leaves_colour_and_place_behind_on_film():
    told = said("on film, where the shipped network has #, and colour and place #. From nothing")
    assert told == rounded(on_film("PML"), on_film("colour and place"))


def test_places_along_borders_join_less_often():
    border, others = numbers(r"agree on (\d+)% .* on (\d+)%", outputs("border = (beside"))
    assert border < others - 10


def test_a_growing_pool_helps_on_the_drifting_clip():
    fixed, growing = numbers(r"frame 0 (\d\.\d+), growing pool (\d\.\d+)", outputs("lasts ="))
    assert growing > fixed + 0.1


def test_some_clicks_are_nearly_worth_a_mask_and_not_every_one_helps():
    first, whole = numbers(r"(\d\.\d+) with two, .* gives (\d\.\d+)", outputs("ax.axhline(whole"))
    (last,) = numbers(r"(\d\.\d+) with eleven", outputs("ax.axhline(whole"))
    assert first < last and whole - last < 0.1


# ---- sections 6 to 12


def test_a_head_flickers_less_than_a_vote_and_more_than_a_warp():
    text = outputs("called something else for one frame only, beside")
    vote, head, warp = numbers(r"PML ([\d,]+) times, FEELVOS ([\d,]+) times, flow warp ([\d,]+)", text)
    assert warp < head < 0.9 * vote


def test_squared_distances_saturate_as_the_caption_says():
    table = outputs("squared = torch.tensor")
    assert 13.5 < row("0", table)[1] / row("4", table)[1] < 14.5 and row("10", table)[1] < 0.001


def test_frame_0_finds_itself_and_renaming_changes_no_pixel():
    assert "at most 0.000 on its own places" in outputs("own = labels_of(twins, 0)")
    assert "swapped, 0 of" in outputs("swapped = torch.tensor")


def test_ordinary_weights_begin_on_the_flat_part():
    table = outputs("begin = []")
    ordinary, small = row("1", table), row("0.25", table)
    assert ordinary[1] > 0.9 > 0.1 > small[1] and 10 * ordinary[3] < small[3]


def test_the_literal_head_ends_above_where_the_other_one_began():
    curves = {name: [told["losses"] for told in CLAIMS.where(set="training curves", system=name)] for name in VARIANTS}
    mean = {name: [sum(at) / len(at) for at in zip(*losses, strict=True)] for name, losses in curves.items()}
    literal, trusting = mean["literal head"], mean["FEELVOS"]
    assert said("the literal head begins at #, and after 160") == rounded(literal[0]) and literal[-1] > 2 * trusting[0]
    assert min(literal) < literal[-1] and min(trusting) < trusting[-1]
    told = said("it has a J of # on plain clips, less than repeating the first mask (#); the trusting one has #.")
    assert told == rounded(*(on("plain", name) for name in ("literal head", "copy", "FEELVOS")))


def test_lean_follows_objects_before_the_first_step_and_the_literal_head_does_not():
    table = outputs("after = []")
    assert row("literal head", table)[0] < 0.15 and row("trusting its cues", table)[0] > 0.4


# ---- sections 13 and 14


def test_feelvos_reaches_its_targets():
    matcher, warp = BASELINES["plain"]["matcher"]["J"], BASELINES["occlusion"]["DIS warp"]["after"]
    from_nothing = CLAIMS.where(set="plain, baselines", system="FEELVOS")
    means = [sum(told["J"] for told in from_nothing if told["seed"] == seed) / 24 for seed in range(5)]
    assert len(from_nothing) == 5 * 24 and min(means) >= matcher
    assert said("has a J of #; five networks like yours, after 160 steps, # to #.)") == rounded(
        matcher, min(means), max(means)
    )
    assert labelled("plain", "FEELVOS") >= matcher + 0.15
    assert labelled("occlusion", "FEELVOS", "part") >= warp + 0.4
    assert labelled("occlusion", "FEELVOS", "late") >= on("occlusion", "DIS warp", "late") + 0.4
    assert on_film("FEELVOS") >= 0.65
    assert 1000 / max(labelled(label, "FEELVOS", "ms") for label in LABELS) >= 30


def test_feelvos_is_best_but_where_looks_drift():
    for label in LABELS:
        others = [BASELINES[label][name]["J"] for name in ("copy", "DIS warp", "one-shot")]
        others += [
            labelled(label, "PML"),
            labelled(label, "PML, growing"),
            on(f"{label}, baselines", "colour and place"),
        ]
        assert (labelled(label, "FEELVOS") > max(others)) == (label != "drift")
    for label, part in (("occlusion", "after"), ("drift", "last quarter")):
        others = [BASELINES[label][name][part] for name in ("copy", "DIS warp", "one-shot")]
        others += [labelled(label, name, "part") for name in ("PML", "PML, growing")]
        assert (labelled(label, "FEELVOS", "part") > max(others)) == (label != "drift")
    drifting = rounded(labelled("drift", "PML, growing"), labelled("drift", "FEELVOS"))
    assert drifting == said("PML with a growing pool has #, and FEELVOS #.")
    assert 0 < on_film("FEELVOS") - osvos() < 0.05


def test_many_minutes_of_training_bring_little_over_colour_and_place_on_plain_clips():
    (gain,) = said("22 minutes of training have brought PML # more than that")
    assert rounded(labelled("plain", "PML") - on("plain, baselines", "colour and place")) == [gain]
    gains = [gain, on_film("PML") - on_film("colour and place")]
    assert rounded(*gains) == said("take PML past it by # on plain clips, and on film by #.")
    assert round(read_card(weights_file("pml", "cpu")).cpu_seconds / 60) == 22


def test_the_worst_clip_of_the_stored_run_has_a_look_alike_and_large_slow_objects_in_sight():
    table = outputs("def evidence")
    assert "distractor" in table
    for name in ("1", "2"):
        _, places, fewest, step = row(name, table)
        assert places > 50 and fewest > places / 2 and step < 4


def test_in_the_worst_clip_of_the_cpu_profile_something_passes_in_front():
    clip = draw_clip("scale", 1_900_050, flow=False)
    shown = (clip.ids == 1).sum((1, 2))
    assert clip.object_ids == (1,) and 0 < shown.min() < shown[0] / 4 and shown[-1] > 2 * shown.min()


def test_on_the_twin_g_takes_what_l_does_not():
    far, near, network = numbers(r"by G alone (\d+), by L alone (\d+), by the network (\d+)", outputs("others = probe"))
    assert far > 3 * max(near, network)


# ---- sections 15 and 16


def test_claims_end_as_the_lesson_explains_them():
    found = {told["claim"]: told["verdict"] for told in verdicts(CLAIMS)}
    other = {name: verdict for name, verdict in found.items() if verdict != HOLDS}
    assert other == {"R1": OPEN, "R4": OPEN, "R6": OPEN, "R10": OPEN, "R11": OPEN, "R12": FAILS, "R12, FEELVOS": OPEN}


def test_the_order_of_what_omissions_cost_is_the_one_that_is_told():
    lost = {name: overall("FEELVOS") - overall(name) for name in VARIANTS}
    told = ("no first frame", "no previous frame, no feedback", "no previous frame")
    phrase = "Ours: the first frame (#), the frame before and the previous answer (#), the frame before (#),"
    assert rounded(*(lost[name] for name in told)) == said(phrase)
    assert all(abs(lost[name]) < 0.01 for name in ("global twice", "no feedback"))


def test_a_look_alike_costs_propagation_less():
    matching, following = CLAIM["R6, cost"]["means"].values()
    assert rounded(following, matching) == said("It *loses* less by one, # against #,")


def test_means_on_both_sides_learn_nearly_as_well():
    told = [value for name in ("R10", "R10, plain") for value in (CLAIM[name]["difference"], CLAIM[name]["se"])]
    assert rounded(*told) == said("the difference is # ± # there, and # ± # on plain clips")


def test_the_mean_of_friends_against_the_closest_stranger_ends_in_one_point():
    losses = [told["losses"][-1] for told in CLAIMS.where(set="training curves", system="PML, plain triplet")]
    assert all(abs(loss - 1.4) < 0.05 for loss in losses)
    assert said("where the loss is 1.4, and J is # on plain clips") == rounded(on("plain", "PML, plain triplet"))
    assert on("plain", "PML, plain triplet") < on("plain", "copy")


def test_coordinates_help_beside_look_alikes_most():
    assert rounded(CLAIM["R8"]["difference"], CLAIM["R8"]["se"]) == said("by a hair** (R8, # ± #)")
    gains = {kind: on(kind, "PML") - on(kind, "PML, no coordinates") for kind in KINDS}
    assert max(gains, key=gains.get) == "distractor"


def test_a_growing_pool_helps_on_drawn_clips_and_harms_on_film():
    gains = rounded(CLAIM["R9"]["difference"], CLAIM["R9, drift"]["difference"])
    assert gains == said("It gains # over all four kinds, # at the end of drifting clips")
    assert rounded(on_film("PML"), on_film("PML, growing")) == said("it costs: # becomes #. Whatever")


def test_on_film_feelvos_is_ahead_of_warping_everywhere_and_of_osvos_on_four():
    names = {told["name"] for told in CLAIMS.where(set="DAVIS")}
    assert all(on_film("FEELVOS", name=name) > on_film("DIS warp", None, name=name) for name in names)
    ahead = {name: on_film("FEELVOS", name=name) - osvos(name=name) for name in names}
    assert {name for name in ahead if ahead[name] < 0} == {"dog", "libby"}
    assert max(ahead, key=ahead.get) == "horsejump-high" and ahead["libby"] > -0.02
    pairs = [value for name in ("horsejump-high", "dog") for value in (on_film("FEELVOS", name=name), osvos(name=name))]
    assert rounded(*pairs) == said("the horse (# against #); it is behind on the dog (# against #)")
    seconds = (on_film("FEELVOS", measure="seconds"), osvos("seconds"))
    assert rounded(*seconds) == said("takes # CPU-seconds, one of OSVOS, its fine-tuning spread over all frames, #.")
    assert rounded(on_film("FEELVOS") - on_film("PML")) == said("PML has # less than FEELVOS")
