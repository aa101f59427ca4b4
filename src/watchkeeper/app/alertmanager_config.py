"""alertmanager.yml in force: loaded at the start, replaced only by one that can be used, and shown without secrets."""

from __future__ import annotations

import glob
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml, parse_alertmanager_yml
from watchkeeper.alerts.matchers import Mode
from watchkeeper.app.embedded import ALERTMANAGER_YML
from watchkeeper.app.options import Options
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.dump import dump_plain, plain
from watchkeeper.core.config.secret import HIDDEN
from watchkeeper.core.telemetry.metrics import Registry

if TYPE_CHECKING:
    from watchkeeper.alerts.integrations.webhook import WebhookConfig

# Keys that tools of older releases refuse, and the value at which they say nothing: there they are left out.
YOUNG_KEYS: Final = {
    "slack_app_url": "https://slack.com/api/chat.postMessage",
    "app_url": "https://slack.com/api/chat.postMessage",
    "rocketchat_api_url": "https://open.rocket.chat/",
    "timeout": "0s",
}
HASH_BYTES: Final = 6  # As many as a float64 holds exactly.


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used.

    templates   name and text of each template file, in order
    text_hash   of the file's text, as the metric shows it
    seen        as `digest` gives it, from just before the files were read
    """

    config: AlertmanagerYml
    templates: tuple[tuple[str, str], ...]
    text_hash: float
    seen: tuple[bytes, bytes]


def load(options: Options) -> Loaded:
    """The configuration as the file has it now. Raises ConfigError, also where a file can't be read."""
    path, mode = options.alertmanager_config_file, mode_of(options)
    file_seen, _ = digest(options, ())
    if path is None:
        text = ALERTMANAGER_YML
        config = parse_alertmanager_yml(text, "embedded configuration", mode=mode)
    else:
        text = read_text(path)
        config = parse_alertmanager_yml(text, str(path), files_checked=True, mode=mode)
    _, templates_seen = digest(options, config.templates)
    templates = tuple((name, read_text(Path(name))) for name in config.template_paths)
    hashed = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return Loaded(config, templates, float(int.from_bytes(hashed[:HASH_BYTES], "little")), (file_seen, templates_seen))


def digest(options: Options, patterns: Sequence[str]) -> tuple[bytes, bytes]:
    """What changes with the file, and with template files that match a pattern; also where one goes away."""
    path = options.alertmanager_config_file
    found = {name for pattern in patterns for name in glob.glob(pattern)}
    return _digest_of([] if path is None else [str(path)]), _digest_of(sorted(found))


def _digest_of(paths: Sequence[str]) -> bytes:
    whole = hashlib.sha256()
    for name in paths:
        try:
            content = Path(name).read_bytes()
        except OSError:
            content = b""
        whole.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return whole.digest()


def mode_of(options: Options) -> Mode:
    """The form that matchers and names are read in, as the features say."""
    for mode in (Mode.CLASSIC, Mode.UTF8):
        if mode.value in options.features:
            return mode
    return Mode.FALLBACK


class Reloads:
    """What loading has come to, under upstream's names."""

    def __init__(self, registry: Registry) -> None:
        self._successful = registry.gauge(
            "alertmanager_config_last_reload_successful",
            "Whether the last configuration reload attempt was successful.",
        )
        self._successful_s = registry.gauge(
            "alertmanager_config_last_reload_success_timestamp_seconds",
            "Timestamp of the last successful configuration reload.",
        )
        self._hash = registry.gauge(
            "alertmanager_config_hash", "Hash of the currently loaded alertmanager configuration."
        )

    def good(self, loaded: Loaded) -> None:
        """This one is in force."""
        self._successful.set(1)
        self._successful_s.set(time.time())
        self._hash.set(loaded.text_hash)

    def bad(self) -> None:
        """The one before stays."""
        self._successful.set(0)


def config_text(config: AlertmanagerYml) -> str:
    """The configuration as YAML with defaults as they apply and secrets hidden, which amtool can read back."""
    shown = plain(config)
    receivers = shown.get("receivers", ())
    entries = [entry for one in receivers for key, block in one.items() if key.endswith("_configs") for entry in block]
    for section in (shown["global"], *entries):
        for key, value in YOUNG_KEYS.items():
            if section.get(key) == value:
                del section[key]
    for receiver, made in zip(receivers, config.receivers, strict=True):
        for entry, webhook in zip(receiver.get("webhook_configs", ()), made.webhook_configs, strict=True):
            if entry.get("url") == HIDDEN:
                entry["url"] = masked_url(cast("WebhookConfig", webhook))
    return dump_plain(shown)


def masked_url(webhook: WebhookConfig) -> str:
    """A webhook's address with all but its host hidden. Older tools want a URL here, and do not take the mere mask."""
    try:
        parts = urlsplit(webhook.url.reveal() if webhook.url else "")
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    return f"{parts.scheme}://{host}/{HIDDEN}" if parts.scheme and host and "{" not in host else HIDDEN
