"""Sign-in and single logout by SAML."""
