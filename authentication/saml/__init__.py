"""SAML as pure code: no ORM, no request, no Django; the clock is a parameter.

A response goes through these modules in this order:

1. `responses` has the whole way in one function, `read_response`.
2. `gate` accepts one document shape: `raw_bytes` checks the bytes, `xml` parses them, `shapes` knows the elements.
3. `verifying` returns the bytes that a key of `trust` signed: `signatures` checks one signature over the bytes that
   `canonical` makes, `decrypting` opens an encrypted assertion.
4. `checks` and `assertions` compare what is said with `parties`, the two sides as they are stored here. `statuses`
   tells in plain words what an IdP reports instead.
5. `attributes` picks a person's name, email and groups from the claims.

Logout messages are read and written by `logout`, carried by `bindings`, and signed by `signing`; a signature beside a
redirected message is checked by `detached`. `metadata` reads an IdP's, `service_provider` writes ours.
"""
