"""The rules of the `*.toml` files here: what stands in a site's place, and how it is recognised.

Adding a rule is adding a table to one of those files; see `README.md` beside them.
"""

from scans.engine.verdict_rules.loader import load_rules, parse_rules
from scans.engine.verdict_rules.rule import Example, Field, Rule, RuleError, Signal

__all__ = ["Example", "Field", "Rule", "RuleError", "Signal", "load_rules", "parse_rules"]
