"""The status page: what it shows, and that nothing from outside becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.unit.web.conftest import MakeSite, Site
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.config import ScrapeConfig

EVIL = "'\"><script>alert(1)</script><img src=x onerror=alert(2)>"


class Tags(HTMLParser):
    """The tags and attributes of a page, and whether those that need an end have one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def with_hostile_target(site: Site) -> None:
    config = decode(ScrapeConfig, 'job_name: "a<b>\'c"\nscrape_interval: 1h\n', Load("job.yml"))
    await site.backend.scrape.apply([config])
    labels = {"__address__": "host:80", "__metrics_path__": "/'\"><script>x</script>", "evil": EVIL}
    await site.backend.scrape.update(config.job_name, [TargetGroup("static/0", (labels,), {})])
    for targets in site.backend.scrape.active_targets().values():
        targets[0].last_error = EVIL
        targets[0].health = "down"


async def test_hostile_texts_stay_texts(make_site: MakeSite) -> None:
    site = await make_site(page_title=EVIL)
    await with_hostile_target(site)
    site.backend.config_text = lambda: EVIL
    status, page = await site.get("/targets")
    assert status == 200
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") == 5  # Title twice, label, error, configuration.
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.attributes <= {"lang", "charset", "name", "content", "id", "class", "href", "colspan"}


async def test_what_the_page_shows(site: Site) -> None:
    async with site.client.get("/query") as response:
        assert response.content_type == "text/html"
        empty = await response.text()
    assert "No targets yet" in empty
    assert "global: {}" in empty
    await with_hostile_target(site)
    _, page = await site.get("/query")
    assert "0 of 1 up" in page
    assert "class='state down'" in page
    assert "never" in page
    for path in ("/alerts", "/targets", "/rules", "/config", "/flags", "/status", "/tsdb-status", "/service-discovery"):
        assert (await site.get(path))[0] == 200
