"""docs/config/provisioning.md is written from the tables that read the files."""

import os
from pathlib import Path

from watchkeeper.core.config.docs import reference
from watchkeeper.dashboards.provisioning.config import DashboardsFile, DatasourcesFile

REFERENCE = Path(__file__).parents[2] / "docs" / "config" / "provisioning.md"
HEAD = """# Dashboards and data sources of files

A provisioning folder of Grafana's works as it is: `--dashboards.provisioning DIR`, with `dashboards/*.yaml` and
`datasources/*.yaml` in it. Every key that is read of them is below, from the tables in the code (`make golden` writes
this page anew). Other keys are warnings.

- In values `$VAR`, `${VAR}` and `$__env{VAR}` stand for environment variables, `$__file{/path}` for what a file holds,
  and `$$` for a dollar sign. Below `jsonData` and `secureJsonData` what comes in is a text, whatever it looks like.
- The YAML is looked at once a second, a provider's folder every two seconds, or every `updateIntervalSeconds` where
  that is less; a folder that takes long to look at is looked at more seldom, but as often as it says.
  `POST /api/admin/provisioning/dashboards/reload` (and `.../datasources/reload`) looks at once.
- A dashboard of a file wins over a saved one of its uid; an earlier file wins over a later one. What is not shown, and
  files that are broken, are in the log and in `GET /api/admin/provisioning/status`.
- A dashboard of a file refuses changes with status 400 and the file's name. With `allowUiUpdates` changes are saved,
  and hold until the file changes. With `disableDeletion` a dashboard whose file goes stays, and is people's from then
  on.
- `foldersFromFilesStructure` puts each dashboard into a folder named as the one that holds its file.
- A data source of a file takes the place of watchkeeper's own of its uid or name. With `editable` people may change
  it, until the file changes. One that is declared no more is gone (as with `prune`); `deleteDatasources` takes away
  those that people added.
- There is one organization: what has another `orgId` than 1 is not read, and the log says so. Files of `alerting/` are
  not read either: rules and receivers stand in Prometheus' and Alertmanager's files.
- Secrets (`secureJsonData`) never leave the server. Those that people enter stand in `state.db`, which only its owner
  may read, and are not encrypted there: whoever has the file has them. To keep them elsewhere, declare the data source
  in a file, with `$__file{...}`.

"""


def test_the_reference_of_provisioning_is_up_to_date() -> None:
    text = f"{HEAD}{reference(DashboardsFile)}\n{reference(DatasourcesFile)}"
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    for key in (
        "foldersFromFilesStructure",
        "disableDeletion",
        "allowUiUpdates",
        "secureJsonData",
        "deleteDatasources",
    ):
        assert f"| `{key}` |" in text
