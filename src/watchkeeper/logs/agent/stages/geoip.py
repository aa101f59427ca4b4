"""`geoip`: where an address is, from a MaxMind database."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from watchkeeper.core.config.kinds import Choice, MapOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries, text_of
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class GeoipConfig:
    """`geoip`: labels `geoip_*` for the address in an extracted value; needs the package maxminddb."""

    db: str = setting(Text(filled=True))
    source: str = setting(Text(filled=True))
    db_type: str = setting(Choice("city", "asn", "country"), default="city")
    custom_lookups: dict[str, str] = setting(MapOf(Text()), default_factory=dict)


KIND: Final = Nested(GeoipConfig)

Path = tuple[str | int, ...]
_COUNTRY: Final[dict[str, Path]] = {
    "geoip_country_name": ("country", "names", "en"),
    "geoip_country_code": ("country", "iso_code"),
    "geoip_continent_name": ("continent", "names", "en"),
    "geoip_continent_code": ("continent", "code"),
}
_PATHS: Final[dict[str, dict[str, Path]]] = {
    "city": {
        "geoip_city_name": ("city", "names", "en"),
        **_COUNTRY,
        "geoip_postal_code": ("postal", "code"),
        "geoip_timezone": ("location", "time_zone"),
        "geoip_location_latitude": ("location", "latitude"),
        "geoip_location_longitude": ("location", "longitude"),
        "geoip_subdivision_name": ("subdivisions", 0, "names", "en"),
        "geoip_subdivision_code": ("subdivisions", 0, "iso_code"),
    },
    "country": _COUNTRY,
    "asn": {
        "geoip_autonomous_system_number": ("autonomous_system_number",),
        "geoip_autonomous_system_organization": ("autonomous_system_organization",),
    },
}


class GeoipStage:
    """Looks addresses up."""

    def __init__(self, config: GeoipConfig) -> None:
        """Raises ValueError where there is no reader, or no database."""
        try:
            maxminddb: Any = importlib.import_module("maxminddb")
        except ImportError:
            raise ValueError("the geoip stage needs the package maxminddb, which is not installed") from None
        try:
            self._database: Any = maxminddb.open_database(config.db)
        except Exception as error:
            raise ValueError(f"the geoip stage can't use {config.db}: {error}") from None
        self._source = config.source
        self._paths = _PATHS[config.db_type]

    def run(self, entries: Entries) -> Entries:
        """The entries with the labels of their places."""
        found: dict[str | None, Mapping[str, Any]] = {}
        texts = entries.source(self._source)
        for text in set(texts):
            try:
                found[text] = (self._database.get(text) if text else None) or {}
            except ValueError:
                found[text] = {}
        columns = {}
        for name, path in self._paths.items():
            values = {text: _at(record, path) for text, record in found.items()}
            columns[name] = [values[text] for text in texts]
        entries.set_labels(columns)
        return entries


def _at(record: Any, path: Path) -> str | None:
    for step in path:
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list) and isinstance(step, int) and step < len(record):
            record = record[step]
        else:
            return None
    return text_of(record) or None


def make(config: GeoipConfig, context: StageContext) -> Stage:
    """The stage of a configuration. Raises ValueError where the database can't be read here."""
    return GeoipStage(config)
