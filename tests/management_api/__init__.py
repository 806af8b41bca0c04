"""The management API: every operation of every app is found in the URLconf, so that new ones are held to its rules."""
