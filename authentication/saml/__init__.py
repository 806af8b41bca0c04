"""SAML as pure code: no ORM, no request, and the clock is a parameter."""
