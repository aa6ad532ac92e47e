"""Roads over HTTP: ways and times as data, closures, live tiles, and the page in the centre."""
