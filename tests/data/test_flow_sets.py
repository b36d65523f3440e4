"""data/flow_sets.py: FlyingChairs, Sintel and KITTI in their official layouts."""

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError
from vostutor.data import FlowPair, PairFiles, flying_chairs, kitti, sintel, write_flo, write_kitti_flow
from vostutor.metrics import average_endpoint_error
from vostutor.ops import dis_flow

SIZE = (6, 8)


def picture(path, value, size=SIZE):
    """A picture of one colour, told by its red."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[..., 2] = value  # OpenCV writes BGR
    cv2.imwrite(str(path), pixels)


def mask(path, *places):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(SIZE, np.uint8)
    for y, x in places:
        pixels[y, x] = 255
    cv2.imwrite(str(path), pixels)


def flow_of(value):
    return torch.full((2, *SIZE), float(value))


@pytest.fixture
def chairs(tmp_path):
    """Four pairs: 1 and 2 and 4 to train with, 3 to validate with."""
    for n in range(1, 5):
        for i in (1, 2):
            picture(tmp_path / f"data/{n:05d}_img{i}.ppm", 10 * n + i)
        write_flo(tmp_path / f"data/{n:05d}_flow.flo", flow_of(n))
    (tmp_path / "FlyingChairs_train_val.txt").write_text("1\n1\n2\n1\n")
    return tmp_path


@pytest.fixture
def movie(tmp_path):
    """Two sequences of three frames, in two renderings, with occlusion and invalid pixels."""
    training = tmp_path / "training"
    for s, sequence in enumerate(("alley_1", "bamboo_2")):
        for t in (1, 2, 3):
            for r, rendering in enumerate(("clean", "final")):
                picture(training / rendering / sequence / f"frame_{t:04d}.png", 100 * r + 10 * s + t)
        for t in (1, 2):
            write_flo(training / "flow" / sequence / f"frame_{t:04d}.flo", flow_of(10 * s + t))
            mask(training / "occlusions" / sequence / f"frame_{t:04d}.png", (0, 1), (2, 3))
            mask(training / "invalid" / sequence / f"frame_{t:04d}.png", (5, 7))
    return tmp_path


@pytest.fixture(params=["image_2", "colored_0", "image_0"])
def road(tmp_path, request):
    """Two pairs: at (0,0) nothing is known, at (1,1) the pixel is occluded."""
    training = tmp_path / "training"
    for n in range(2):
        for t in (10, 11):
            picture(training / request.param / f"{n:06d}_{t}.png", 10 * n + t)
        known = torch.ones(SIZE, dtype=torch.bool)
        known[0, 0] = False
        write_kitti_flow(training / f"flow_occ/{n:06d}_10.png", flow_of(n + 1), known)
        seen = known.clone()
        seen[1, 1] = False
        write_kitti_flow(training / f"flow_noc/{n:06d}_10.png", flow_of(n + 1), seen)
    return tmp_path


def told(pair):
    """Name, red of both frames, flow at the last pixel but one."""
    return pair.name, pair.frame_a[0, 0, 0].item(), pair.frame_b[0, 0, 0].item(), pair.flow[0, -1, -2].item()


# what lies where


def test_chairs_are_split_by_the_official_list(chairs):
    assert [told(pair) for pair in flying_chairs(chairs, "train")] == [
        ("00001", 11, 12, 1), ("00002", 21, 22, 2), ("00004", 41, 42, 4),
    ]  # fmt: skip
    assert [told(pair) for pair in flying_chairs(chairs, "val")] == [("00003", 31, 32, 3)]
    assert len(flying_chairs(chairs)) == 4
    assert flying_chairs(chairs)[0].occluded is None


@pytest.mark.parametrize(("rendering", "red"), [("clean", 0), ("final", 100)])
def test_sintel_pairs_each_frame_with_the_next_of_its_sequence(movie, rendering, red):
    assert [told(pair) for pair in sintel(movie, rendering)] == [
        ("alley_1/frame_0001", red + 1, red + 2, 1), ("alley_1/frame_0002", red + 2, red + 3, 2),
        ("bamboo_2/frame_0001", red + 11, red + 12, 11), ("bamboo_2/frame_0002", red + 12, red + 13, 12),
    ]  # fmt: skip


def test_sintel_tells_what_is_occluded_and_what_is_not_valid(movie):
    pair = sintel(movie)[0]
    assert pair.occluded.nonzero().tolist() == [[0, 1], [2, 3]]
    assert (~pair.valid).nonzero().tolist() == [[5, 7]]
    assert pair.flow[:, 5, 7].tolist() == [0, 0]


def test_kitti_tells_what_is_occluded_by_two_flows(road):
    pairs = list(kitti(road))
    assert [told(pair) for pair in pairs] == [("000000", 10, 11, 1), ("000001", 20, 21, 2)]
    assert pairs[0].occluded.nonzero().tolist() == [[1, 1]]
    assert (~pairs[0].valid).nonzero().tolist() == [[0, 0]]
    assert kitti(road).name == ("KITTI 2015" if (road / "training/image_2").is_dir() else "KITTI 2012")


def test_a_pair_holds_frames_as_clips_do(chairs):
    pair = flying_chairs(chairs)[1]
    assert isinstance(pair, FlowPair)
    assert (pair.frame_a.dtype, pair.flow.dtype, pair.valid.dtype) == (torch.uint8, torch.float32, torch.bool)
    assert (pair.frame_a.shape, pair.flow.shape, pair.valid.shape) == ((3, *SIZE), (2, *SIZE), SIZE)


def test_a_set_can_be_read_again_sliced_and_counted_from_the_end(chairs):
    pairs = flying_chairs(chairs)
    assert [pair.name for pair in pairs] == [pair.name for pair in pairs]
    assert [pair.name for pair in pairs[1:3]] == ["00002", "00003"]
    assert pairs[-1].name == "00004"
    assert repr(pairs[:2]) == "FlowSet('FlyingChairs all', 2 pairs)"


def test_without_the_folders_of_occlusion_nothing_is_said_of_it(movie):
    (movie / "training/occlusions").rename(movie / "elsewhere")
    (movie / "training/invalid").rename(movie / "elsewhere too")
    pair = sintel(movie)[0]
    assert pair.occluded is None
    assert pair.valid.all()


# real input


def test_on_the_real_pair_of_sintel_the_errors_are_the_known_ones(davis):
    folder = davis / "flow/sintel_alley_1"
    if not folder.is_dir():
        pytest.skip("no real flow in this folder")
    frames = (folder / f"frame_000{t}.png" for t in (1, 2))
    pair = PairFiles("alley_1", *frames, folder / "frame_0001_kitti16.png").read()
    assert pair.flow.shape == (2, 436, 1024)
    zero = average_endpoint_error(pair.flow, torch.zeros_like(pair.flow), pair.valid)
    dis = average_endpoint_error(pair.flow, dis_flow(pair.frame_a, pair.frame_b), pair.valid)
    assert zero == pytest.approx(2.80, abs=0.005)
    assert dis == pytest.approx(0.30, abs=0.02)  # OpenCV's versions differ a little


# refusal of bad input


def test_another_folder_is_refused_with_what_lies_there(chairs):
    for read, match in ((sintel, "training/flow"), (kitti, "training/flow_occ")):
        with pytest.raises(DataError, match=rf"{match}\n.*no such folder"):
            read(chairs)
    with pytest.raises(DataError, match="the archive"):
        flying_chairs(chairs / "data")


def test_a_list_that_does_not_fit_is_refused(chairs):
    (chairs / "FlyingChairs_train_val.txt").write_text("1\n2\n")
    with pytest.raises(DataError, match="expected  4 marks.*\n.*2 marks"):
        flying_chairs(chairs, "val")
    (chairs / "FlyingChairs_train_val.txt").unlink()
    with pytest.raises(DataError, match=r"FlyingChairs_train_val\.txt in"):
        flying_chairs(chairs, "val")


def test_a_missing_frame_is_named_when_it_is_read(movie):
    (movie / "training/clean/bamboo_2/frame_0003.png").unlink()
    pairs = sintel(movie)
    assert len(pairs) == 4
    with pytest.raises(DataError, match=r"bamboo_2/frame_0003\.png"):
        pairs[3]


def test_files_of_two_sizes_are_refused(chairs):
    picture(chairs / "data/00002_img2.ppm", 0, size=(6, 9))
    with pytest.raises(DataError, match="frame_b of 00002 with 8x6 pixels"):
        flying_chairs(chairs)[1]


def test_kitti_without_pictures_is_refused(tmp_path):
    write_kitti_flow(tmp_path / "training/flow_occ/000000_10.png", flow_of(0))
    with pytest.raises(DataError, match="image_2, colored_0 or image_0"):
        kitti(tmp_path)


def test_an_unknown_part_or_rendering_is_refused(chairs, movie):
    with pytest.raises(SettingsError, match="'test'"):
        flying_chairs(chairs, "test")
    with pytest.raises(SettingsError, match="'depth'"):
        sintel(movie, "depth")
