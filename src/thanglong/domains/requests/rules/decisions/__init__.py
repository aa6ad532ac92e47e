"""Decision models of citizens' reports, with their test cases."""
