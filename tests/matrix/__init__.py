"""Who may open what: every URL × everybody × GET and POST, measured on a workspace with one thing of each kind.

`python -m tests.matrix` writes the table into workspace/README.md.
"""
