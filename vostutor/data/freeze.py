"""What holds minivos still: a fingerprint of everything that decides how a clip looks, and the file that it is compared with.

Figures of different days are comparable only where the clips are the same. The fingerprint covers the generator's source, its recipe
and the photographs it cuts from, never drawn frames, which differ in the last bit between processors and between versions of OpenCV and
numpy: with one fingerprint the scenes are the same, and with the same libraries on one machine the bytes are.

    python -m vostutor.data.freeze     # writes data/minivos/frozen.json, after a change that is meant
"""

import hashlib
import json
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

from vostutor.core.files import write_atomically
from vostutor.data.minivos import CURRICULUM, MIXTURE, VERSION
from vostutor.data.place import home
from vostutor.data.studio.photographs import pixels_digest
from vostutor.data.studio.recipe import EASY, RECIPES

COMMAND = "python -m vostutor.data.freeze"
_HERE = Path(__file__).parent


@cache
def fingerprint() -> str:
    """SHA-256 over source, recipe and photographs: where it and the libraries' versions agree, the clips do.

    >>> len(fingerprint())
    64
    """
    return digest_of(sources(), recipe_text(), pixels_digest())


def sources() -> dict[str, bytes]:
    """The generator's files as they lie on disk, by their names in this folder."""
    paths = [_HERE / "minivos.py", *sorted((_HERE / "studio").glob("*.py"))]
    return {path.relative_to(_HERE).as_posix(): path.read_bytes() for path in paths}


def recipe_text() -> str:
    """Recipes, mixture and curriculum as text that is the same however they are ordered in the source."""
    recipes = {label: asdict(recipe) for label, recipe in ({"easy": EASY} | RECIPES).items()}
    return json.dumps([recipes, MIXTURE, {str(start): stage for start, stage in CURRICULUM.items()}], sort_keys=True)


def digest_of(files: dict[str, bytes], recipe: str, photographs: str) -> str:
    """SHA-256 over files, recipe and photographs; each is told with its length, so that no two sets read alike.

    >>> digest_of({"a": b"bc"}, "", "") == digest_of({"ab": b"c"}, "", "")
    False
    """
    digest = hashlib.sha256()
    pieces = [piece for name in sorted(files) for piece in (name.encode(), files[name])]
    for piece in (*pieces, recipe.encode(), photographs.encode()):
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return digest.hexdigest()


def frozen_file() -> Path:
    """Where the frozen state is written down."""
    return home() / "minivos" / "frozen.json"


def freeze(path: str | Path | None = None) -> Path:
    """Write down what minivos is now: version, fingerprint, default mixture and curriculum; returns the file."""
    stages = {str(start): stage for start, stage in CURRICULUM.items()}
    state = {"version": VERSION, "fingerprint": fingerprint(), "mixture": MIXTURE, "curriculum": stages}
    return write_atomically(path or frozen_file(), json.dumps(state, indent=1) + "\n")


if __name__ == "__main__":
    print(freeze(*sys.argv[1:]))
