"""A practice identity provider: signs in anyone by SAML, pushes people by SCIM, and can do both wrongly on purpose.

It is a program of its own, as identity providers are. It imports neither Django nor the apps; all that it knows of them
is in the JSON file that it reads at the start.
"""
