"""When two texts say the same: as tokens, as words, as tokens with other names; read as they stand, or freed of what is around them."""

import html
import keyword
import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

_TOKEN = re.compile(
    r"[^\W\d]\w*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\.\.|\*\*|//|->|[-+*/%&|^=!<>:@]=|<<|>>"
    r"|[^\w\s#'\"`\\]"  # quotes and the signs of a comment say nothing
)
_WORD = re.compile(r"[^\W_]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_COLOUR = re.compile(r"(?:\x1b|\\x1b|\\u001b|\\033)\[[0-9;]*m")
_ESCAPE = re.compile(r"\\+(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([nrt])|([\"'/]))", re.IGNORECASE)
_INLINE = re.compile(r"</?(?:span|b|i|em|strong|code|a|u|mark|font|tt)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>|<!--|-->", re.IGNORECASE)
_COMMENT = re.compile(r"#[^\n]*")
_JOINT = re.compile(r"['\"]\s*,\s*['\"]")  # between the texts of a list
# An arrow and a line number; signs of quotations and comments; a bullet or the sign of a change.
_MARGIN = re.compile(r"(?m)^[ \t]*(?:-*>?[ \t]*\d+[:.|)]?[ \t]+|[#>|][#>| \t]*|[*+/$-]+[ \t]+)")
_NAME = "·"


def tokens(text: str) -> list[str]:
    """The tokens of code in any surroundings, in small letters, without quotes and signs of comments.

    >>> tokens("F.pad(f2, [r] * 4)  # 'zeros'")
    ['f', '.', 'pad', '(', 'f2', ',', '[', 'r', ']', '*', '4', ')', 'zeros']
    """
    return _TOKEN.findall(_folded(text))


def words(text: str) -> list[str]:
    """The words and numbers of prose, in small letters.

    >>> words("**J fine**, F 0.8")
    ['j', 'fine', 'f', '0', '8']
    """
    return _WORD.findall(_folded(text))


def readings(text: str) -> list[str]:
    """The text as it stands; without escapes, entities and colours; without tags; without what joins the texts of a list; and each of
    them without comments and without what stands at the beginning of lines (signs of comments and quotations, line numbers).

    >>> readings("x = 1  # one")
    ['x = 1  # one', 'x = 1  ']
    >>> readings("<b>x</b>&lt;1")
    ['<b>x</b>&lt;1', '<b>x</b><1', 'x<1']
    """
    plain = _without_escapes(text)
    bare = html.unescape(_without_tags(plain))
    found = dict.fromkeys([text, html.unescape(plain), bare, _JOINT.sub("\n", bare)])
    for one in [*found]:
        found |= dict.fromkeys([without_comments(one)])
        found |= dict.fromkeys([_MARGIN.sub("", one)])
    return [*found]


def without_comments(text: str) -> str:
    """The text without what stands behind a `#`.

    >>> without_comments("a = 1  # one\\nb = 2")
    'a = 1  \\nb = 2'
    """
    return _COMMENT.sub("", text) if "#" in text else text


def shape(found: Sequence[str], fixed: frozenset[str]) -> list[str]:
    """The tokens with a dot for each name that could as well be another one.

    >>> shape(tokens("total = x.sum() + len(x)"), frozenset({"len"}))
    ['·', '=', '·', '.', 'sum', '(', ')', '+', 'len', '(', '·', ')']
    """
    before = ""
    shaped = []
    for token in found:
        free = token.isidentifier() and before != "." and token not in fixed and not keyword.iskeyword(token)
        shaped.append(_NAME if free else token)
        before = token
    return shaped


def renamed(found: Sequence[str], shaped: Sequence[str]) -> tuple:
    """What a run keeps when its names are replaced by others: in the place of each name its number in order of appearance.

    >>> renamed(["a", "+", "b", "*", "a"], ["·", "+", "·", "*", "·"])
    (0, '+', 1, '*', 0)
    """
    numbers: dict[str, int] = {}
    pairs = zip(found, shaped, strict=True)
    return tuple(numbers.setdefault(t, len(numbers)) if s == _NAME else s for t, s in pairs)


def windows(found: Sequence, length: int) -> Iterator[tuple]:
    """Every run of that many tokens.

    >>> [*windows("abc", 2)]
    [('a', 'b'), ('b', 'c')]
    """
    return zip(*(found[k:] for k in range(length)), strict=False)


def _folded(text: str) -> str:
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return text.lower()


def _without_tags(text: str) -> str:
    return _TAG.sub(" ", _INLINE.sub("", text)) if "<" in text else text


def _without_escapes(text: str) -> str:
    text = _COLOUR.sub("", text)
    if "\\" in text:
        text = _ESCAPE.sub(_meant, text)
    return unquote(text) if "%" in text else text


def _meant(escape: re.Match) -> str:
    two, four, blank, sign = escape.groups()
    return chr(int(two or four, 16)) if two or four else "\n" if blank else sign
