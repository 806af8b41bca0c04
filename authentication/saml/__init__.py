"""SAML as pure code: no ORM, no request, no Django; the clock is a parameter."""
