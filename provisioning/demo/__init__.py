"""The demo: two workspaces that give every page something to show."""
