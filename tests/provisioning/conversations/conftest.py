"""A client that begins to speak to a fresh connection."""

import pytest

pytest.register_assert_rewrite("tests.provisioning.conversations.play")


@pytest.fixture
def client(scim):
    from tests.provisioning.conversations.play import Conversation

    return Conversation(scim)
