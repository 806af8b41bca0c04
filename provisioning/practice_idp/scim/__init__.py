"""Provisioning by SCIM."""
