"""The console's subset of Tabler: the rules of its stylesheet that the pages use.

`make stylesheet` generates `static/vendor/tabler/tabler.css` from Tabler's own `tabler.min.css`. A
test fails if it is out of date.
"""
