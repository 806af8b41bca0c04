"""What an environment's pages look like for end users: colours, fonts, pictures and the footer. Knows no table."""
