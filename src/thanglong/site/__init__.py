"""Where everything is put together: settings, URLs, the WSGI and ASGI applications. Nothing imports it."""
