"""Pages of people: signing in and out, one's own account, the people of one's units."""
