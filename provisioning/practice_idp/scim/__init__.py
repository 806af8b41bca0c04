"""The SCIM side: a directory whose people and groups are pushed to a service."""
