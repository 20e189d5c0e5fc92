"""The same work done by Scrapy, as configured by an expert."""
