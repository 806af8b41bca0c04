"""What an email address is (RFC 5321), with letters of all scripts (RFC 6531)."""

import re
import unicodedata

MAX_EMAIL = 254
_ATOM = r"[^\s\x00-\x1f\x7f\"(),.:;<>@\[\\\]]+"
_LOCAL = rf"(?:{_ATOM}(?:\.{_ATOM})*|\"(?:[^\s\"\\]|\\\S)+\")"
_LETTERS = "a-z\u00a1-\U0010ffff"
_LABEL = rf"[0-9{_LETTERS}](?:[0-9{_LETTERS}-]{{0,61}}[0-9{_LETTERS}])?"
_TOP = rf"(?:[{_LETTERS}](?:[{_LETTERS}-]{{0,61}}[{_LETTERS}])|xn--[a-z0-9-]{{0,58}}[a-z0-9])"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:{_LABEL}|(?:{_LABEL}\.)+{_TOP})", re.IGNORECASE)
# Other characters and blanks cannot be seen, or turn the text around.
_SEEN = frozenset("LMNPS")


def is_address(text: str) -> bool:
    """Say whether a text is an email address, of any length. A domain without a dot, as in `ada@intranet`, is one."""
    normal = unicodedata.normalize("NFKC", text)
    if "@" not in text or not _ADDRESS.fullmatch(normal):
        return False
    return normal.isascii() or all(unicodedata.category(character)[0] in _SEEN for character in normal)
