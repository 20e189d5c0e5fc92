"""The same work done by Scrapy, as somebody who knows it well would set it up."""
