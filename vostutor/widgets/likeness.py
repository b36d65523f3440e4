"""Where is its likeness: FEELVOS run over a clip, and for any place what each of its maps says and which place it found.

Reading order: Maps and Reading (what there is to see), nearest_places (who is found), Likeness (the run), read_place (the sentence).
Letters: T frames, C channels of an embedding, h and w rows and columns of a map, K objects, k the reach of local matching in places.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.core.ids import VOID
from vostutor.ops.cells import cell_labels
from vostutor.ops.match_maps import expect_distances
from vostutor.ops.matching import global_match, local_match, squared_distances, squash
from vostutor.widgets.places import decode_distance, encode_distance, label_places, looks_of, number_places, objects_in
from vostutor.widgets.probe_pair import told

REACHES = (0, 1, 2, 3, 4, 6, 8, 12, 16)  # of the slider; the network's own and the whole map join them
WORDS = {
    "agree": "The first frame and the window in frame {previous} both say {far}, and so does the network.",
    "overruled": "The first frame and the window in frame {previous} both say {far}; the network answers {answer}.",
    "far": "The first frame says {far}, the window in frame {previous} says {near}. The network believes the first frame.",
    "near": "The first frame says {far}, the window in frame {previous} says {near}. The network believes the window.",
    "neither": "The first frame says {far}, the window in frame {previous} says {near}, the network {answer}.",
    "empty": "No place of {far} lies in the window: its L is 1, however much it looks like it.",
    "alike": "What it looks like was {away} places away; in the window nothing of {far} is nearly as near.",
    "right": "That is right.",
    "wrong": "In truth it is {truth}.",
}
_WRONG = 0.02  # by how much a student's distance may differ from that to the nearest place before it is told
_FAR_AWAY = 2.0  # times as far in the window as in all of frame 1: the likeness is somewhere else


@dataclass(frozen=True, eq=False)
class Maps:
    """What is known of every place of a frame, rounded as it travels to a page.

    Shapes: far (G), near (L) and before, prob, float64 (K+1,h,w) in [0,1]; first and last, which place of frame 1 and of the frame before
    is nearest of each label, int64 (K+1,2,h,w), row then column, -1 where there is none; previous, answer, truth int64 (h,w), labels.
    """

    far: np.ndarray
    near: np.ndarray
    before: np.ndarray
    prob: np.ndarray
    first: np.ndarray
    last: np.ndarray
    previous: np.ndarray
    answer: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True, eq=False)
class Reading:
    """What the maps say of one place: a row for each label, the labels that win, and the matches of the label that is shown.

    Shapes: table (K+1,4): G, L, the answer before, the answer now. far, near, answer: labels. first, last: (row, column) or None, of the
    label shown in frame 1 and in the frame before. said: keys of WORDS, whose gaps `numbers` fills.
    """

    place: tuple[int, int]
    table: np.ndarray
    far: int
    near: int
    answer: int
    first: tuple[int, int] | None
    last: tuple[int, int] | None
    said: tuple[str, ...]
    numbers: dict = field(repr=False)

    @property
    def words(self) -> str:
        """The reading as sentences."""
        return " ".join(WORDS[key].format(**self.numbers) for key in self.said)


def nearest_places(
    query: Tensor, keys: Tensor, labels: Tensor, count: int, reach: int | None = None
) -> tuple[Tensor, Tensor]:
    """Which key of each label is nearest to each place, everywhere or at most `reach` rows and columns away, and how near.

    Shapes: query (C,h,w), keys (C,h,w), labels int64 (h,w) -> squared distances (count,h,w), places int64 (count,2,h,w), -1 for none.
    Source: all pairs, a row of places at a time; the matching itself tells only how near.
    >>> query, keys = torch.tensor([[[0.0, 3.0]]]), torch.tensor([[[3.0, 1.0]]])
    >>> squared, places = nearest_places(query, keys, torch.tensor([[0, 1]]), 2)
    >>> squared[:, 0].tolist(), places[:, 1, 0].tolist()
    ([[9.0, 0.0], [1.0, 4.0]], [[0, 0], [1, 1]])
    """
    height, width = labels.shape
    far = max(height, width) if reach is None else reach
    squared = query.new_full((count, height, width), torch.inf)
    places = labels.new_full((count, 2, height, width), -1)
    for label in range(count):
        rows, columns = (labels == label).nonzero(as_tuple=True)
        for row in range(height):
            around = (rows - row).abs() <= far
            if around.any():
                keys_row, keys_column = rows[around], columns[around]
                costs = squared_distances(query[:, row].mT, keys[:, keys_row, keys_column].mT)
                beyond = (keys_column - torch.arange(width)[:, None]).abs() > far
                least, index = costs.masked_fill(beyond, torch.inf).min(dim=1)
                squared[label, row] = least
                found = torch.stack([keys_row[index], keys_column[index]])
                places[label, :, row] = found.where(least.isfinite(), -1)
    return squared, places


class Likeness:
    """A network run over a clip as the system runs it; every frame is embedded once.

    network: a FEELVOSNet, or what has its `config` and its methods embed, reach_in, decide, global_match, local_match. A student's matching
    may be inside; what fails there is told in `notes`, and answers 1, nobody is near.

    Raises: DataError for a clip of one frame, or without a mask in the first.
    """

    def __init__(self, clip: Clip, network):
        self.clip, self.network = clip, network.eval()
        self.objects = objects_in(clip)
        self.count = len(self.objects) + 1
        self.looks = looks_of(clip, self.objects)
        self.names = [look["name"] for look in self.looks]
        self.notes: dict[str, str] = {}
        self.truth = label_places(clip.ids, self.objects)
        self.size = tuple(self.truth.shape[-2:])
        self._maps: dict[tuple[int, int], Maps] = {}
        self._far: dict[int, tuple] = {}
        self._run()
        whole = max(self.size) - 1
        self.reaches = sorted({k for k in (*REACHES, self.reach) if k < whole} | {whole})

    @property
    def scale(self) -> float:
        """The distance from which on the maps stay dark: few are farther. One for all frames and labels."""
        middle = self.of(len(self.clip) // 2, self.reach)
        known = middle.far[middle.far < 1]
        return float(np.quantile(known, 0.95).clip(0.05, 1)) if known.size else 1.0

    @property
    def own(self) -> list[str]:
        """Which of the matching functions are not the package's."""
        ours = {"global_match": global_match, "local_match": local_match}
        return [name for name, function in ours.items() if getattr(self.network, name) is not function]

    @torch.no_grad()
    def _run(self) -> None:
        here = next(self.network.parameters()).device
        seen = [self.network.embed(frame[None].to(here).float() / 255) for frame in self.clip.frames]
        self._features = [features for features, _ in seen]
        self._embeddings = [embedding[0].float().cpu() for _, embedding in seen]
        self.reach = self.network.reach_in(self._embeddings[0])  # the network's own
        self.answers = [number_places(self.clip.ids[:1], self.objects)[0]]
        for t in range(1, len(self.clip)):
            self.answers.append(self._decide(t, self._global(t), self._local(t, self.reach)))

    def _global(self, t: int) -> Tensor:
        return self._ask("global_match", self._embeddings[t], self._embeddings[0], self.truth[0])

    def _local(self, t: int, reach: int) -> Tensor:
        there = self._embeddings[t - 1], cell_labels(self.answers[t - 1][None])[0]
        if self.network.config.previous == "global":
            return self._ask("global_match", self._embeddings[t], *there)
        return self._ask("local_match", self._embeddings[t], *there, reach=reach)

    def _ask(self, name: str, *given: Tensor, **how) -> Tensor:
        """What a matching function answers. Shapes: -> (K+1,h,w)."""
        try:
            answer = getattr(self.network, name)(*(each.clone() for each in given), tuple(range(1, self.count)), **how)
            return expect_distances(name, answer, given[0], self.count).detach().float().cpu().clamp(0, 1)
        except Exception as error:  # anything can come out of a student's function
            self.notes[name] = f"{name} gave nothing: {told(error)}"
            return torch.ones(self.count, *self.size)

    @torch.no_grad()
    def _decide(self, t: int, far: Tensor, near: Tensor) -> Tensor:
        maps = {"global": far, "before": self.answers[t - 1], "local": near}
        cues = torch.stack([maps[name] for name in self.network.config.cues], dim=1)
        features = self._features[t]
        return self.network.decide(features, cues[None].to(features))[0].float().softmax(dim=0).cpu()

    def of(self, t: int, reach: int) -> Maps:
        """The maps of frame t, with this reach of local matching; what was answered before stays as the network's own reach had it.

        Units: t from 1; reach in places.
        """
        if (t, reach) not in self._maps:
            self._maps[t, reach] = self._look(t, reach)
        return self._maps[t, reach]

    @torch.no_grad()
    def _look(self, t: int, reach: int) -> Maps:
        here = self._embeddings[t]
        if t not in self._far:
            found = nearest_places(here, self._embeddings[0], self.truth[0], self.count)
            self._far[t] = self._checked("global_match", self._global(t), found[0]), found[1].numpy()
        (far, first), before = self._far[t], self.answers[t - 1]
        previous = cell_labels(before[None])[0]
        window = None if self.network.config.previous == "global" else reach
        squared, last = nearest_places(here, self._embeddings[t - 1], previous, self.count, window)
        near = self._checked("local_match", self._local(t, reach), squared)
        prob = self._decide(t, far, near)
        far, near = (decode_distance(encode_distance(each.numpy())) for each in (far, near))
        before, prob_all = (np.rint(255 * each.numpy()) / 255 for each in (before, prob))
        labels = (each.numpy() for each in (previous, prob.argmax(dim=0), self.truth[t]))
        return Maps(far, near, before, prob_all, first, last.numpy(), *labels)

    def _checked(self, name: str, answer: Tensor, squared: Tensor) -> Tensor:
        """The answer as it is; that it is not the distance to the nearest place is told, once."""
        apart = float((answer - squash(squared)).abs().max())
        if apart > _WRONG and name in self.own:
            self.notes.setdefault(name, f"{name} is up to {apart:.2f} off the distance to the nearest place.")
        return answer

    def lookalike(self, t: int, reach: int, label: int = 1) -> tuple[int, int]:
        """The place of the background, as (row, column), that looks like a label of the first frame while nothing in its window does."""
        maps = self.of(t, reach)
        apart = np.where(maps.truth == 0, maps.near[label] - maps.far[label], -np.inf)
        taken_in = apart - 2 * (maps.far.argmin(axis=0) != label)  # those whom G would take for it come first
        return divmod(int(taken_in.argmax()), self.size[1])

    def read(self, t: int, reach: int, place: tuple[int, int], shown: int = -1) -> Reading:
        """What the maps say of a place (row, column); the matches are those of the label `shown`, or where it is -1 of those that win."""
        return read_place(self.of(t, reach), place, self.names, t, shown)


def read_place(maps: Maps, place: tuple[int, int], names: Sequence[str], t: int, shown: int = -1) -> Reading:
    """The sentence and the numbers of one place. Of equally near labels the first wins. Source: own rule; the page has its twin."""
    row, column = place
    table = np.stack([each[:, row, column] for each in (maps.far, maps.near, maps.before, maps.prob)], axis=1)
    far, near, answer = int(table[:, 0].argmin()), int(table[:, 1].argmin()), int(maps.answer[row, column])
    first, last = (
        _match(found, far if found is maps.first else near, shown, place) for found in (maps.first, maps.last)
    )
    numbers = {"far": names[far], "near": names[near], "answer": names[answer], "previous": t - 1}
    said = [_verdict(far, near, answer)]
    own = _match(maps.first, far, -1, place)
    if _match(maps.last, far, -1, place) is None:
        said.append("empty")
    elif own and far != near and table[far, 1] > _FAR_AWAY * table[far, 0]:
        said.append("alike")
        numbers["away"] = max(abs(own[0] - row), abs(own[1] - column))
    truth = int(maps.truth[row, column])
    if truth != VOID:
        said.append("right" if truth == answer else "wrong")
        numbers["truth"] = names[truth]
    return Reading(place, table, far, near, answer, first, last, tuple(said), numbers)


def _verdict(far: int, near: int, answer: int) -> str:
    if far == near:
        return "agree" if answer == far else "overruled"
    return {far: "far", near: "near"}.get(answer, "neither")


def _match(found: np.ndarray, winner: int, shown: int, place: tuple[int, int]) -> tuple[int, int] | None:
    row, column = found[winner if shown < 0 else shown, :, place[0], place[1]].tolist()
    return None if row < 0 else (row, column)
