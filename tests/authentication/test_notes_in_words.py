"""Sentences of attempts and of the SAML package are in English; pages show them in their language."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from authentication import sentences
from authentication.actions import group_sync, notes, saml_requests
from authentication.saml.certificates import CertificateError, parse_certificates
from authentication.saml.checks import Clock
from authentication.saml.responses import MEASURED
from authentication.saml.statuses import ANSWERED
from authentication.saml.texts import Text
from authentication.sentences import in_words, refusal_in_words
from authentication.views.notes import note_in_words
from tests.authentication.certificates import make, pem

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
EARLIER = Clock(NOW, timedelta(minutes=3)).compared(NOW - timedelta(seconds=12))
STORED = [
    saml_requests.TYPED,
    notes.UNREAD_EMAIL % {"unread": "upn: ada@acme.example"},
    notes.NOT_FILLED % {"group": "Dev %(why)s", "why": group_sync.MANAGED % {"source": "Okta Dev"}},
    notes.NOT_FILLED % {"group": "Everyone", "why": group_sync.HAS_EVERYBODY},
    notes.NAMESAKE % {"person": "ada@acme.example", "other": "Ada Winter <ada@old.example>"},
    str(Text(ANSWERED, codes="Responder, AuthnFailed", meaning="it could not authenticate the person.")),
    str(Text(MEASURED, difference=EARLIER, seconds=180)),
    "A sentence of an older release: 50 % of it.",
]


@pytest.fixture
def shouted(monkeypatch):
    """A language in which everything is said in capitals, but the names of values."""

    def shout(text: str) -> str:
        return re.sub(r"%\(\w+\)s|[a-z]", lambda found: found[0] if len(found[0]) > 1 else found[0].upper(), text)

    monkeypatch.setattr(sentences, "gettext", shout)
    monkeypatch.setattr(sentences, "ngettext", lambda one, many, number: shout(one if number == 1 else many))


@pytest.mark.parametrize("note", STORED)
def test_a_stored_note_is_shown_as_it_is_stored_where_english_is_spoken(note):
    assert note_in_words(note) == note


def test_stored_notes_are_translated_with_the_sentences_in_them_but_not_the_names(shouted):
    assert [note_in_words(note) for note in STORED[1:4]] == [
        "“upn: ada@acme.example” WAS SENT. IF THIS IS THE EMAIL ADDRESS, NAME IT UNDER SIGN-IN SETTINGS → ATTRIBUTES.",
        "Dev %(why)s WAS NOT FILLED: Okta Dev MANAGES IT.",
        "Everyone WAS NOT FILLED: ITS MEMBERS ARE ALL WHO HAVE ACCESS.",
    ]
    assert note_in_words(STORED[5]) == (
        "THE IDP ANSWERED Responder, AuthnFailed: IT COULD NOT AUTHENTICATE THE PERSON."
    )
    assert note_in_words(STORED[6]).startswith(
        "WHEN THE RESPONSE ARRIVED, THE IDP'S CLOCK WAS 12 SECONDS BEHIND OURS, THE TIME ON THE WAY INCLUDED."
    )


def test_a_refusal_of_the_saml_package_is_translated_with_the_one_in_it(shouted):
    unreadable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    with pytest.raises(CertificateError) as refused:
        parse_certificates(f"{pem(make())}\n{unreadable}")
    assert refusal_in_words(refused.value).startswith("CERTIFICATE 2 OF 2: THIS IS NOT A READABLE X.509 CERTIFICATE.")
    assert in_words(EARLIER) == "12 SECONDS BEHIND OURS"
