"""A practice identity provider: signs in any demo person, pushes people by SCIM, and does both wrongly on demand.

A program of its own, as identity providers are: it knows nothing of Django or the apps, only what its JSON file says.
"""
