"""The workspace's own keys: made once, published, changed without a gap, and never shown."""

from authentication.actions.service_provider import decryption_keys, signing_key
from tests import factories


def test_x(db):
    place = factories.workspace()
    assert decryption_keys(place) == ()
    key = signing_key(place)
    assert signing_key(place) == key
    assert decryption_keys(place) == (key.private_pem,)
