"""The SAML side: sign-in and single logout."""
