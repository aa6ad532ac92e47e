"""The ``web`` process: pages, forms and JSON for people, under WSGI."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thanglong.site.settings")

import django

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402

from thanglong.site import compose  # noqa: E402

compose.plug()
compose.observe("web")
application = get_wsgi_application()
