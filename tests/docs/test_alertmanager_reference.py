"""docs/config/alertmanager.md is written from the tables that read the file."""

import os
import re
from pathlib import Path

from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml
from watchkeeper.alerts.config.receiver import ReceiverConfig
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.core.config.docs import reference
from watchkeeper.core.config.schema import table_of

REFERENCE = Path(__file__).parents[2] / "docs" / "config" / "alertmanager.md"
HEAD = """# Alertmanager's configuration

Every key that is read of an Alertmanager configuration file (`--alertmanager-config`), from the tables in the code
(`make golden` writes this page anew). `watchkeeper check alertmanager FILE` says what is wrong with a file, and where;
`watchkeeper check alertmanager FILE --route severity=critical` says where an alert goes, and why.

- An empty default is nothing, an empty list, or a section of defaults. What a receiver does not set is what `global`
  says, if it says anything.
- Durations are written `1h30m`. Texts of receivers are templates.
- A secret is never shown: `<secret>` stands for it, also for addresses that are secrets as a whole. Files that hold
  secrets are read for each notification, so that a changed one needs no reload.
- A route takes from the one above what it does not say: receiver, group_by, group_wait (30s), group_interval (5m) and
  repeat_interval (4h). Labels add to those above. Time intervals are not handed down.
- Matchers are read in the UTF-8 form and, where that fails or means something else, in the classic form, with a warning
  that says what to write. `match`, `match_re` and `mute_time_intervals` of the file are the old forms of `matchers` and
  `time_intervals`.
- `tracing` and `event_recorder` are accepted and have no effect.
- `apprise_configs` is watchkeeper's own: it reaches the many services that Apprise knows.

"""


def test_the_reference_of_alertmanager_yml_is_up_to_date() -> None:
    text = HEAD + reference(AlertmanagerYml)
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert "| `resolve_timeout` | duration | `5m` |" in text
    links = set(re.findall(r"\(#([^)]+)\)", text))
    titles = re.findall(r"^## (.*)$", text, re.M)
    assert links <= {title.replace(" ", "-") for title in titles}
    assert len(titles) == len(set(titles))


def test_a_receiver_has_a_key_for_each_integration_of_the_table() -> None:
    assert [key for key in table_of(ReceiverConfig).keys if key != "name"] == list(INTEGRATIONS)
