import pytest

from vostutor.course.wording import readings, renamed, shape, tokens, windows, words


def test_tokens_are_counted_by_hand():
    assert tokens("x[..., :-1] **= 1.5e-3  # 'Half'") == [
        "x",
        "[",
        "...",
        ",",
        ":",
        "-",
        "1",
        "]",
        "**",
        "=",
        "1.5e-3",
        "half",
    ]


@pytest.mark.parametrize("same", [
    "a=f( b,\n\tc )", "A = F(B, C)", '"a = f(b, c)"', "# a = f(b,\n# c)", "a = f(b, \\\n c)", "`a = f(b, c)`", "a\u200b = f\uff08b, c)",
])  # fmt: skip
def test_white_space_case_quotes_and_comment_signs_make_no_difference(same):
    assert tokens(same) == tokens("a = f(b, c)")


def test_words_leave_out_every_sign():
    assert words("It is *not* over-\n**fitted**: F_1 > 0.5.") == [
        "it",
        "is",
        "not",
        "over",
        "fitted",
        "f",
        "1",
        "0",
        "5",
    ]


@pytest.mark.parametrize("wrapped", [
    "a = b  # first\n+ c", "> a = b\n> + c", "1  a = b\n2  + c", '["a = b", "+ c"]', "a\\u0020= b\\n+ c", "a%20%3D%20b%0A+ c",
    "<p><b>a</b> = b</p><br/>+ c", "a = b &plus; c", "\x1b[1ma\x1b[0m = b + c", "<!-- a = b + c -->", '{"x": "a = b\\\\n+ c"}',
])  # fmt: skip
def test_one_of_the_readings_frees_a_text_of_what_is_around_it(wrapped):
    assert any("a = b + c" in " ".join(tokens(reading)) for reading in readings(wrapped))


def test_a_text_with_nothing_around_it_has_one_reading():
    assert readings("a = (b\n    and c)") == ["a = (b\n    and c)"]


def test_a_comparison_is_not_taken_for_a_tag_in_every_reading():
    assert readings("a < b and c > d")[0] == "a < b and c > d"


def test_other_names_give_the_same_run_and_other_roles_do_not():
    def key(text):
        found = tokens(text)
        return renamed(found, shape(found, frozenset({"torch"})))

    assert key("y = torch.sin(x) + x") == key("v = torch.sin(u) + u")
    assert key("y = torch.sin(x) + x") != key("v = torch.sin(u) + v")
    assert key("y = torch.sin(x) + x") != key("v = torch.cos(u) + u")
    assert key("y = torch.sin(x) + x") != key("v = np.sin(u) + u"), "torch is no name of one's own"


def test_keywords_and_attributes_keep_their_names():
    assert shape(tokens("return x.mean if x else y"), frozenset()) == [
        "return",
        "·",
        ".",
        "mean",
        "if",
        "·",
        "else",
        "·",
    ]


def test_windows_are_as_many_as_fit():
    assert [len([*windows("abcd", length)]) for length in (1, 4, 5)] == [4, 1, 0]
