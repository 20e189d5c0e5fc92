"""The rules in `*.toml` that recognise pages served in place of a site.

To add a rule, add a table to one of those files; see `README.md` there.
"""

from scans.engine.verdict_rules.loader import load_rules, parse_rules
from scans.engine.verdict_rules.rule import Example, Field, Rule, RuleError, Signal

__all__ = ["Example", "Field", "Rule", "RuleError", "Signal", "load_rules", "parse_rules"]
