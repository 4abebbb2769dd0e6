"""Teams, the people in them, and what their roles let them do."""
