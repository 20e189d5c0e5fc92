"""The console's copy of Tabler: the rules of its stylesheet that the pages use.

`make stylesheet` writes `static/vendor/tabler/tabler.css` from `tabler.min.css`, Tabler's own file.
A test fails where the copy is out of date.
"""
