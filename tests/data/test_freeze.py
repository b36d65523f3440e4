import json

import numpy as np

from vostutor.data import freeze
from vostutor.data.freeze import COMMAND, digest_of, fingerprint, frozen_file, recipe_text, sources
from vostutor.data.minivos import CURRICULUM, MIXTURE, VERSION
from vostutor.data.studio import photographs, recipe

FILES = {"a.py": b"one", "b.py": b"two"}


def test_the_frozen_state_is_today_s():
    frozen = json.loads(frozen_file().read_text()) if frozen_file().exists() else {"fingerprint": "nothing frozen"}
    hint = f"minivos changed since it was frozen; where that is meant, say so: {COMMAND}"
    assert frozen["fingerprint"] == fingerprint(), hint
    stages = {str(start): stage for start, stage in CURRICULUM.items()}
    assert (frozen["version"], frozen["mixture"], frozen["curriculum"]) == (VERSION, MIXTURE, stages), hint


def test_the_generator_s_files_count_and_no_others():
    names = set(sources())
    assert {"minivos.py", "studio/compose.py", "studio/recipe.py", "studio/render.py", "studio/sensor.py"} <= names
    assert not names & {"pool.py", "split.py", "freeze.py", "davis.py"}
    assert sources()["minivos.py"].startswith(b'"""minivos')


def test_a_changed_byte_a_new_name_and_another_recipe_or_photograph_change_the_digest():
    own = digest_of(FILES, "recipe", "photographs")
    others = [
        digest_of(FILES | {"b.py": b"twO"}, "recipe", "photographs"),
        digest_of({"a.py": b"one", "c.py": b"two"}, "recipe", "photographs"),
        digest_of({"a.py": b"onetwo", "b.py": b""}, "recipe", "photographs"),
        digest_of(FILES | {"c.py": b""}, "recipe", "photographs"),
        digest_of(FILES, "recipe, changed", "photographs"),
        digest_of(FILES, "recipe", "other photographs"),
    ]
    assert len({own, *others}) == 7
    assert digest_of({"a": b"bc"}, "", "") != digest_of({"ab": b"c"}, "", "")


def test_the_order_of_files_does_not_count():
    assert digest_of(FILES, "", "") == digest_of(dict(reversed(FILES.items())), "", "")


def test_a_knob_a_share_or_a_photograph_that_changes_changes_the_fingerprint(monkeypatch):
    def now():
        fingerprint.cache_clear()
        return fingerprint()

    own = now()
    with monkeypatch.context() as patch:
        patch.setitem(recipe.RECIPES, "drift", recipe.PLAIN)
        assert now() != own
    with monkeypatch.context() as patch:
        patch.setitem(MIXTURE, "plain", 0.41)
        assert now() != own
    with monkeypatch.context() as patch:
        grey = np.full((4, 4, 3), 128, np.uint8)
        patch.setattr(photographs, "photograph", lambda name: grey)
        assert now() != own
    assert now() == own


def test_the_recipe_s_text_is_sorted_and_whole():
    text = json.loads(recipe_text())
    assert list(text[0]) == sorted(text[0]) and set(text[0]) == {"easy", *recipe.RECIPES}
    assert text[0]["drift"]["drift"] == 0.6 and text[1]["plain"] == MIXTURE["plain"] and set(text[2]) == {"0.0", "0.3"}


def test_freezing_writes_what_the_test_reads(tmp_path):
    written = json.loads(freeze.freeze(tmp_path / "frozen.json").read_text())
    assert written["fingerprint"] == fingerprint() and written["mixture"] == MIXTURE
    assert list(written) == ["version", "fingerprint", "mixture", "curriculum"]
