"""The demo: two workspaces in which every page has something to show."""
