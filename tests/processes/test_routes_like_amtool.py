"""The same files and label sets to Debian's amtool 0.25 and to `watchkeeper check alertmanager`: the same verdicts, the
same receivers. What that version does not know yet is left out."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.processes.running import WATCHKEEPER
from watchkeeper.alerts.matchers import MatcherError, Mode, matcher_order, matchers_text, parse_matchers

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="no amtool on this machine"),
]

CONFIGS = Path(__file__).parents[1] / "config"
NEWER = {"alertmanager-new.good.yml"}

HEAD = "receivers: [{name: a}]\n"
ROOT = HEAD + "route: {receiver: a, routes: [%s]}\n"
TIMES = HEAD + "route: {receiver: a}\ntime_intervals: [{name: t, time_intervals: [%s]}]\n"
RECEIVER = "global: {%s}\nroute: {receiver: a}\nreceivers: [{name: a, %s}]\n"
SLACK = ("slack_api_url: 'http://a'", "slack_configs: [{%s}]")

# One thing wrong in each; what amtool says of it is in what we say.
REFUSED = {
    "no receiver": "receivers: []\nroute: {receiver: a}\n",
    "receiver twice": "receivers: [{name: a}, {name: a}]\nroute: {receiver: a}\n",
    "root without receiver": HEAD + "route: {group_by: [a]}\n",
    "root with match": HEAD + "route: {receiver: a, match: {a: b}}\n",
    "root with matchers": HEAD + "route: {receiver: a, matchers: [a=b]}\n",
    "root with continue": HEAD + "route: {receiver: a, continue: true}\n",
    "root that is muted": HEAD + "time_intervals: [{name: t}]\nroute: {receiver: a, mute_time_intervals: [t]}\n",
    "root that is active": HEAD + "time_intervals: [{name: t}]\nroute: {receiver: a, active_time_intervals: [t]}\n",
    "undefined receiver below": ROOT % "{routes: [{receiver: b}]}",
    "undefined interval": ROOT % "{mute_time_intervals: [b]}",
    "undefined active interval": ROOT % "{active_time_intervals: [b]}",
    "intervals twice": HEAD + "route: {receiver: a}\ntime_intervals: [{name: t}, {name: t}]\n",
    "group_by twice": ROOT % "{group_by: [a, b, a]}",
    "group_interval": ROOT % "{group_interval: 0s}",
    "repeat_interval": ROOT % "{repeat_interval: 0s}",
    "duration": ROOT % "{group_wait: 5 m}",
    "fraction of a duration": ROOT % "{group_wait: 1.5m}",
    "label name of match": ROOT % '{match: {"a.b": c}}',
    "label name of match_re": ROOT % '{match_re: {"a-b": c}}',
    "expression": ROOT % '{match_re: {a: "b("}}',
    "expression of a matcher": ROOT % "{matchers: ['a=~\"[b\"']}",
    "matcher": ROOT % "{matchers: [a]}",
    "quote": ROOT % "{matchers: ['a=\"b']}",
    "quote inside": ROOT % "{matchers: ['a=b\"c']}",
    "two commas": ROOT % "{matchers: ['a=b,,c=d']}",
    "time": TIMES % '{times: [{start_time: "9:00", end_time: "10:00"}]}',
    "time of a longer day": TIMES % '{times: [{start_time: "09:00", end_time: "24:01"}]}',
    "one time": TIMES % '{times: [{start_time: "09:00"}]}',
    "times in order": TIMES % '{times: [{start_time: "09:00", end_time: "09:00"}]}',
    "weekday": TIMES % "{weekdays: [mon]}",
    "weekdays in order": TIMES % "{weekdays: ['friday:monday']}",
    "three weekdays": TIMES % "{weekdays: ['monday:tuesday:friday']}",
    "day 0": TIMES % "{days_of_month: ['0']}",
    "day 32": TIMES % "{days_of_month: ['1:32']}",
    "days over the end": TIMES % "{days_of_month: ['-1:5']}",
    "days in order": TIMES % "{days_of_month: ['5:1']}",
    "days in order from the end": TIMES % "{days_of_month: ['-1:-5']}",
    "days in no order": TIMES % "{days_of_month: ['20:-25']}",
    "month": TIMES % "{months: [smarch]}",
    "months in order": TIMES % "{months: ['march:january']}",
    "years in order": TIMES % "{years: ['2030:2026']}",
    "zone": TIMES % "{location: Mars/Olympus}",
    "smarthost": RECEIVER % ("smtp_from: a", "email_configs: [{to: a}]"),
    "from": RECEIVER % ("smtp_smarthost: 'a:25'", "email_configs: [{to: a}]"),
    "slack": RECEIVER % ("", "slack_configs: [{channel: a}]"),
    "opsgenie": RECEIVER % ("", "opsgenie_configs: [{}]"),
    "victorops": RECEIVER % ("", "victorops_configs: [{routing_key: a}]"),
    "slack twice": RECEIVER % ("slack_api_url: 'http://a', slack_api_url_file: b", ""),
    "opsgenie twice": RECEIVER % ("opsgenie_api_key: a, opsgenie_api_key_file: b", ""),
    "victorops twice": RECEIVER % ("victorops_api_key: a, victorops_api_key_file: b", ""),
    "password twice": RECEIVER % ("smtp_auth_password: a, smtp_auth_password_file: b", ""),
}  # fmt: skip

# The same of receivers; their words are those of a later version, or name a place.
REFUSED_RECEIVERS = {
    "webhook without url": RECEIVER % ("", "webhook_configs: [{}]"),
    "webhook of another scheme": RECEIVER % ("", "webhook_configs: [{url: 'ftp://a'}]"),
    "webhook without host": RECEIVER % ("", "webhook_configs: [{url: 'http://'}]"),
    "unknown key": RECEIVER % ("", "webhook_configs: [{url: 'http://a', uri: b}]"),
    "mail to nobody": RECEIVER % ("smtp_from: a, smtp_smarthost: 'a:25'", "email_configs: [{}]"),
    "header twice": RECEIVER
    % ("smtp_from: a, smtp_smarthost: 'a:25'", "email_configs: [{to: a, headers: {subject: a, SUBJECT: b}}]"),
    "pagerduty without key": RECEIVER % ("", "pagerduty_configs: [{}]"),
    "pagerduty key twice": RECEIVER % ("", "pagerduty_configs: [{routing_key: a, routing_key_file: b}]"),
    "pagerduty old key twice": RECEIVER % ("", "pagerduty_configs: [{service_key: a, service_key_file: b}]"),
    "slack url twice": RECEIVER % ("", "slack_configs: [{api_url: 'http://a', api_url_file: b}]"),
    "slack action without type": RECEIVER % SLACK % "actions: [{text: a, url: b}]",
    "slack action without text": RECEIVER % SLACK % "actions: [{type: a, url: b}]",
    "slack action without url": RECEIVER % SLACK % "actions: [{type: a, text: b}]",
    "slack confirmation without text": RECEIVER % SLACK % "actions: [{type: a, text: b, url: c, confirm: {title: d}}]",
    "slack field without title": RECEIVER % SLACK % "fields: [{value: a}]",
    "slack field without value": RECEIVER % SLACK % "fields: [{title: a}]",
    "opsgenie key twice": RECEIVER % ("", "opsgenie_configs: [{api_key: a, api_key_file: b}]"),
    "opsgenie responder": RECEIVER % ("", "opsgenie_configs: [{api_key: a, responders: [{type: team}]}]"),
    "opsgenie responder type": RECEIVER % ("", "opsgenie_configs: [{api_key: a, responders: [{id: a, type: b}]}]"),
    "victorops routing": RECEIVER % ("", "victorops_configs: [{api_key: a}]"),
    "victorops key twice": RECEIVER % ("", "victorops_configs: [{routing_key: a, api_key: a, api_key_file: b}]"),
    "victorops field": RECEIVER
    % ("", "victorops_configs: [{routing_key: a, api_key: a, custom_fields: {entity_state: b}}]"),
    "pushover user": RECEIVER % ("", "pushover_configs: [{token: a}]"),
    "pushover token": RECEIVER % ("", "pushover_configs: [{user_key: a}]"),
    "wechat secret": RECEIVER % ("", "wechat_configs: [{corp_id: a}]"),
    "wechat corp": RECEIVER % ("", "wechat_configs: [{api_secret: a}]"),
    "wechat type": RECEIVER % ("", "wechat_configs: [{api_secret: a, corp_id: a, message_type: b}]"),
    "telegram token": RECEIVER % ("", "telegram_configs: [{chat_id: 1}]"),
    "telegram chat": RECEIVER % ("", "telegram_configs: [{bot_token: a}]"),
    "telegram form": RECEIVER % ("", "telegram_configs: [{bot_token: a, chat_id: 1, parse_mode: b}]"),
    "discord": RECEIVER % ("", "discord_configs: [{}]"),
    "webex room": RECEIVER % ("", "webex_configs: [{http_config: {authorization: {credentials: a}}}]"),
    "webex authorization": RECEIVER % ("", "webex_configs: [{room_id: a}]"),
    "sns without target": RECEIVER % ("", "sns_configs: [{}]"),
    "sns with two targets": RECEIVER % ("", "sns_configs: [{topic_arn: a, target_arn: b}]"),
    "sns with half a key": RECEIVER % ("", "sns_configs: [{topic_arn: a, sigv4: {access_key: b}}]"),
}  # fmt: skip

# What we say in other words: we name a place, say what would be right, or say more.
OTHER_WORDS = {
    "root without receiver": "root route must specify a default receiver",
    "duration": "not a valid duration",
    "expression": "missing closing )",
    "expression of a matcher": "missing closing ]",
    "smarthost": "smarthost",
    "slack": "Slack API URL",
    "victorops": "no global VictorOps API Key set",
}

ACCEPTED = {
    "no routes": HEAD + "route: {receiver: a}\n",
    "all labels": ROOT % "{group_by: ['...']}",
    "empty group_by": ROOT % "{group_by: []}",
    "zero wait": ROOT % "{group_wait: 0s}",
    "null matchers": ROOT % "{matchers: ~}",
    "many matchers": ROOT % "{matchers: ['{a=b,c=\"d,e\",}', 'f =~ g.*', 'h!~\"\"']}",
    "receiver of nothing": "receivers: [{name: a, webhook_configs: []}]\nroute: {receiver: a}\n",
    "times": TIMES % '{times: [{start_time: "00:00", end_time: "24:00"}], weekdays: [Monday, "Tuesday:friday"]}',
    "days": TIMES % "{days_of_month: ['1:-1', '-31', '31', '25:-3'], months: ['1:2', december]}",
    "years": TIMES % "{years: ['2020', '2030:2040'], location: Local}",
    "nothing in an interval": TIMES % "{}",
    "empty lists": TIMES % "{times: [], weekdays: [], days_of_month: [], months: [], years: []}",
    "month 13": TIMES % "{months: ['13']}",
    "rule of nothing": HEAD + "route: {receiver: a}\ninhibit_rules: [{}]\n",
    "empty global": "global: {}\n" + HEAD + "route: {receiver: a}\n",
    "null global": "global:\n" + HEAD + "route: {receiver: a}\n",
    "null receivers": RECEIVER % ("", "webhook_configs: ~"),
    "null settings": RECEIVER
    % ("smtp_from: a, smtp_smarthost: 'a:25'", "email_configs: [{to: a, html: ~, headers: ~, tls_config: ~}]"),
    "numbers as text": RECEIVER
    % ("", "pagerduty_configs: [{routing_key: 1, severity: 2, details: {a: 3, b: true, c: 1.50}}]"),
    "address without host": RECEIVER % ("smtp_from: a, smtp_smarthost: ':25'", "email_configs: [{to: a}]"),
    "empty smarthost": RECEIVER % ("smtp_smarthost: ''", ""),
    "old words for true": RECEIVER % ("smtp_require_tls: no", "webhook_configs: [{url: 'http://a', send_resolved: y}]"),
    "url with a path and a password": RECEIVER % ("", "webhook_configs: [{url: 'http://a:b@c:80/d?e=f#g'}]"),
    "templates that are none": RECEIVER % ("", "webhook_configs: []"),
    "slack of all kinds": RECEIVER
    % SLACK
    % "actions: [{type: a, text: b, name: c}], fields: [{title: a, value: b, short: true}], short_fields: yes",
    "telegram": RECEIVER % ("", "telegram_configs: [{bot_token: a, chat_id: -1001, parse_mode: ''}]"),
    "opsgenie": RECEIVER
    % ("opsgenie_api_key: a", "opsgenie_configs: [{responders: [{id: a, type: TEAM}, {name: b, type: user}]}]"),
    "http settings": RECEIVER
    % ("http_config: {proxy_url: 'http://a', oauth2: {client_id: a, token_url: 'http://b', client_secret: c}}", ""),
    "sigv4": RECEIVER % ("", "sns_configs: [{phone_number: a, sigv4: {access_key: b, secret_key: c, profile: d}}]"),
    "pushover": RECEIVER % ("", "pushover_configs: [{user_key: a, token: b, retry: 1h30m, priority: 1, html: true}]"),
    "templates": HEAD + "route: {receiver: a}\ntemplates: ['*.tmpl', 'no/such/file']\n",
}  # fmt: skip


def amtool(*words):
    done = subprocess.run(["amtool", *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def amtool_verdicts(files):
    """What amtool says of each file: nothing where it takes it."""
    out = amtool("check-config", *map(str, files))[1]
    verdicts = {}
    for part in out.split("Checking '")[1:]:
        name, _, said = part.partition("'  ")
        failed, _, reason = said.partition("FAILED: ")
        verdicts[Path(name)] = "" if failed else reason.splitlines()[0]
    assert set(verdicts) == set(files)
    return verdicts


def check(files, *words):
    command = [str(WATCHKEEPER), "check", "alertmanager", *map(str, files), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_same_files_are_taken(tmp_path):
    files = [path for path in CONFIGS.glob("alertmanager-*.yml") if path.name not in NEWER]
    for name, text in {**REFUSED, **REFUSED_RECEIVERS, **ACCEPTED}.items():
        path = tmp_path / f"{name.replace(' ', '-')}.{'good' if name in ACCEPTED else 'bad'}.yml"
        path.write_text(text)
        files.append(path)
    _, out, err = check(files)
    verdicts = amtool_verdicts(files)
    differing = []
    for path in files:
        is_good = f"{path}: valid: " in out
        problems = [line for line in err.splitlines() if line.startswith(f"{path}:") and ": warning: " not in line]
        assert is_good == (not problems)
        if (verdicts[path] == "") != is_good or is_good != path.name.endswith(".good.yml"):
            differing.append((path.name, verdicts[path], problems))
    assert not differing, "\n".join(map(str, differing))


def test_the_same_is_said_of_what_is_wrong(tmp_path):
    for name, text in REFUSED.items():
        (tmp_path / f"{name}.yml").write_text(text)
    files = sorted(tmp_path.iterdir())
    _, _, err = check(files)
    verdicts = amtool_verdicts(files)
    differing = []
    for name in REFUSED:
        path = tmp_path / f"{name}.yml"
        ours = [line for line in err.splitlines() if line.startswith(f"{path}:") and ": warning: " not in line]
        assert len(ours) == 1, ours
        reason = verdicts[path]
        assert reason
        if OTHER_WORDS.get(name, reason) not in ours[0]:
            differing.append((name, reason, ours[0]))
    assert not differing, "\n".join(map(str, differing))


def random_tree(random, depth=0):
    def pairs(n):
        return {name: random.choice("xyz") for name in random.sample("abcd", n)}

    node = {"receiver": f"r{random.randrange(6)}"} if depth == 0 or random.random() < 0.7 else {}
    if depth:
        kind = random.randrange(6)
        if kind == 0:
            node["match"] = pairs(random.randint(1, 2))
        elif kind == 1:
            node["match_re"] = {name: f"{value}|y.*" for name, value in pairs(1).items()}
        elif kind == 2:
            node["matchers"] = [f'{name} != "{value}"' for name, value in pairs(2).items()]
        elif kind == 3:
            node["matchers"] = [",".join(f'{name}=~"[{value}x]?"' for name, value in pairs(2).items())]
        elif kind == 4:
            node["matchers"] = [f"{name}!~{value}+" for name, value in pairs(1).items()]
        if random.random() < 0.4:
            node["continue"] = True
    if depth < 4:
        children = [random_tree(random, depth + 1) for _ in range(random.randint(0 if depth else 3, 3))]
        if children:
            node["routes"] = children
    return node


@pytest.mark.parametrize("seed", range(4))
def test_alerts_go_to_the_same_receivers(tmp_path, seed):
    numbers = random.Random(seed)
    path = tmp_path / "alertmanager.yml"
    names = [{"name": f"r{i}"} for i in range(6)]
    path.write_text(yaml.safe_dump({"route": random_tree(numbers), "receivers": names}))
    sets = [
        {name: numbers.choice(["x", "y", "z", "yy", "zx"]) for name in numbers.sample("abcde", numbers.randint(1, 4))}
        for _ in range(12)
    ]
    routes = [word for labels in sets for word in ("--route", ",".join(f"{name}={labels[name]}" for name in labels))]
    code, out, err = check([path], *routes)
    assert code == 0, err
    ours = [line.removeprefix("receivers: ") for line in out.splitlines() if line.startswith("receivers: ")]
    theirs = [
        amtool("config", "routes", "test", f"--config.file={path}", *(f"{name}={labels[name]}" for name in labels))[1]
        for labels in sets
    ]
    assert ours == [text.strip() for text in theirs]
    assert len(set(ours)) >= 3


def test_verification_fails_alike(tmp_path):
    path = tmp_path / "alertmanager.yml"
    path.write_text(
        "route: {receiver: a, routes: [{receiver: b, continue: true, matchers: [x=y]}, {receiver: c}]}\n"
        "receivers: [{name: a}, {name: b}, {name: c}]\n"
    )
    for wanted, code in (("b,c", 0), ("c,b", 1), ("b", 1)):
        assert check([path], "--route", "x=y", "--verify-receivers", wanted)[0] == code
        words = ("config", "routes", "test", f"--config.file={path}", f"--verify.receivers={wanted}", "x=y")
        assert amtool(*words)[0] == code


def test_the_tree_is_the_same(tmp_path):
    path = CONFIGS / "alertmanager-all.good.yml"
    ours = check([path], "--tree")[1].splitlines()
    theirs = amtool("config", "routes", "show", f"--config.file={path}")[1].splitlines()

    def nodes(lines):
        found = [line.split("── ")[-1] for line in lines if "receiver: " in line]
        # amtool calls every node without matchers so.
        named = [line.replace("default-route", "{}").replace("root  ", "{}  ") for line in found]
        return [line.replace("  continue: true", "") for line in named]

    assert nodes(ours) == nodes(theirs)
    assert len(nodes(ours)) == 4


PIECES = [
    "a",
    "b1",
    "=",
    "=~",
    "!=",
    "!~",
    '"',
    "\\",
    '\\"',
    "\\n",
    ",",
    " ",
    "{",
    "}",
    ".*",
    "|",
    "é",
    "'",
    "\n",
    "(",
    ")",
]


def random_matchers(numbers):
    """Text that is often matchers of the classic form."""

    def one():
        value = "".join(numbers.choice(PIECES) for _ in range(numbers.randint(0, 4)))
        return numbers.choice(["a", "b_", "{a", ""]) + numbers.choice(["=", "=~", "!=", " !~ "]) + value

    return ",".join(one() for _ in range(numbers.randint(1, 2))) + numbers.choice(["", ",", "}", '"'])


@pytest.mark.parametrize("seed", range(2))
def test_matchers_of_the_classic_form_mean_the_same(tmp_path, seed):
    numbers = random.Random(seed)
    path = tmp_path / "alertmanager.yml"
    taken = 0
    for _ in range(40):
        text = random_matchers(numbers)
        route = {"receiver": "a", "routes": [{"matchers": [text]}]}
        path.write_text(json.dumps({"route": route, "receivers": [{"name": "a"}]}))
        code, out, _ = amtool("config", "routes", "show", f"--config.file={path}")
        try:
            found = sorted(parse_matchers(text, Mode.CLASSIC), key=matcher_order)
        except MatcherError:
            assert code != 0, text
        else:
            assert code == 0, text
            taken += 1
            assert (matchers_text(found) if found else "default-route") in out, text
    assert 5 < taken < 35
