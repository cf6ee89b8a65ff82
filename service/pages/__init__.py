"""Pages for people: what they tell, their templates and static files."""
