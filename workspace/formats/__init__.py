"""How each language writes dates, for `|date:"DATE_FORMAT"` and the like."""
