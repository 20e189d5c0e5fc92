"""Formats of dates and times (https://docs.djangoproject.com/en/5.2/ref/settings/#std-setting-FORMAT_MODULE_PATH)."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y-m-d H:i"
