"""Names of a package that load on first use (PEP 562), so that importing the package costs nothing."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazily(package: str, home: Mapping[str, str]) -> tuple[Callable[[str], object], list[str]]:
    """(__getattr__, __all__) of a package; `home` says in which of its modules each name lives.

    >>> find, names = lazily("vostutor.core", {"VosError": "errors"})
    >>> find("VosError").__module__, names
    ('vostutor.core.errors', ['VosError'])
    """

    def __getattr__(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    return __getattr__, sorted(home)
