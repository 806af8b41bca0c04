"""Tolerance for what real identity providers send, before scim2-models reads a body.

Each deviation goes through a `Tolerance`: it notes the deviation or, where the connection is strict, refuses it.
"""
