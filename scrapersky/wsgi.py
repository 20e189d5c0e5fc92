"""The WSGI application, which scrapersky.web_server serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrapersky.settings")
application = get_wsgi_application()
