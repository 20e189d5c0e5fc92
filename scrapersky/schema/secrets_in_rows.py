"""Mask secrets in rows that are shown."""

import json
import re
from typing import Any

MASK = "***"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names of columns and JSON keys. The queue stores signed tasks in `payload`, and `post_data`
# contains submitted login forms.
_SECRET = re.compile(
    r"token|passw|passphrase|secret|credential|session|cookie|signature|authorization|apikey"
    r"|(^|_)(key|keys|pwd|salt|auth|payload|post_data|get_data)($|_)"
)
_IN_URL = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_OF_JSON = re.compile(r"""("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s",}\]]+)""")


def is_secret(name: str) -> bool:
    """Return whether values with this name are secret."""
    return _SECRET.search(_HUMP.sub("_", name).lower()) is not None


def masked(value: str | None, *names: str) -> str | None:
    """Return a value with secrets masked; `names` are those of its column and field."""
    if not value:
        return value
    if any(map(is_secret, names)):
        return MASK
    return _IN_URL.sub(rf"\1:{MASK}@", _masked_json(value) if value[0] in "{[" else value)


def _masked_json(text: str) -> str:
    """Mask secrets inside JSON; text that only looks like JSON is returned unchanged."""
    try:
        return json.dumps(_without_secrets(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return _OF_JSON.sub(_mask_pair, text)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if isinstance(value, dict):
        return {
            key: MASK if one and is_secret(key) else _without_secrets(one)
            for key, one in value.items()
        }
    return value


def _mask_pair(pair: re.Match[str]) -> str:
    name, colon, _ = pair.groups()
    return f'{name}{colon}"{MASK}"' if is_secret(name) else pair.group()
