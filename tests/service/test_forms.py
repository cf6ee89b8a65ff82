"""Fields of forms: what they mean, with the standard library's reader as reference."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.errors import BadRequest
from service.http.forms import fields

NAMES = st.text(st.sampled_from("qué日 &=%+#;\0\r\n"), max_size=8)
RAW = st.lists(st.sampled_from([*"abé日&=+%#; \r\n\t", "%3D", "%e3%81%82", "%C3%A9", "%%", "%4"]))


@given(st.lists(st.tuples(NAMES, NAMES)))
def test_what_a_client_encodes_comes_back(pairs: list[tuple[str, str]]) -> None:
    found = fields(urlencode(pairs).encode())
    assert found == {name: [v for n, v in pairs if n == name] for name, _ in pairs}


@given(RAW)
@example(["a", "=", "%", "3", "d", "=", "%3D"])
def test_what_is_sent_raw_means_what_the_standard_library_says(pieces: list[str]) -> None:
    sent = "".join(pieces)
    found = [(name, value) for name, values in fields(sent.encode()).items() for value in values]
    assert sorted(found) == sorted(parse_qsl(sent, keep_blank_values=True))


@pytest.mark.parametrize("sent", [b"q=%ff", b"q=\xff", b"%E3%81=a"])
def test_what_is_not_utf8_is_refused(sent: bytes) -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        fields(sent)


def test_too_many_fields_are_refused() -> None:
    assert len(fields(b"a=1&b=2", 2)) == 2
    with pytest.raises(BadRequest, match="at most 2"):
        fields(b"a=1&b=2&c=3", 2)
