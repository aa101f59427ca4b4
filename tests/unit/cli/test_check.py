from click.testing import CliRunner

from watchkeeper.cli.check import check


def run(*arguments):
    return CliRunner().invoke(check, ["config", *map(str, arguments)])


def test_a_good_file_is_summed_up(tmp_path):
    file = tmp_path / "prometheus.yml"
    file.write_text("scrape_configs: [{job_name: a}]\nrule_files: [r.yml, x.yml]\nremote_write: [{url: http://a/w}]\n")
    (tmp_path / "r.yml").write_text("")
    result = run(file)
    assert result.exit_code == 0
    assert f"{file}: valid: 1 scrape config, 1 rule file, 1 remote write\n" in result.output
    assert f"{file}: warning: no rule file matches {tmp_path}/x.yml\n" in result.output
    assert "warning" not in run("--syntax-only", file).output


def test_problems_of_all_files_are_listed(tmp_path):
    one, two = tmp_path / "one.yml", tmp_path / "two.yml"
    one.write_text("scrape_configs: [{job_nam: a, bearer_token: hunter2}]\n")
    two.write_text("global: {scrape_interval: 1\n")
    result = run(one, two, tmp_path / "three.yml")
    assert result.exit_code == 1
    assert result.output.replace(str(tmp_path), "").splitlines() == [
        "/one.yml:1:18: scrape_configs[0]: missing required key job_name",
        '/one.yml:1:19: scrape_configs[0].job_nam: unknown key "job_nam"; did you mean "job_name"?',
        "/two.yml:2:1: yaml: did not find expected ',' or '}' while parsing a flow mapping",
        "/three.yml:1:1: can't be read: No such file or directory",
    ]


def test_files_of_targets_are_read_too(tmp_path):
    file = tmp_path / "prometheus.yml"
    file.write_text("scrape_configs: [{job_name: a, file_sd_configs: [{files: ['t/*.json', t/a.yml, gone.yml]}]}]\n")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.yml").write_text("- targets: [a]\n  lables: {}\n")
    (tmp_path / "t" / "a.json").write_text("[]")
    (tmp_path / "t" / "b.json").write_text('[{"targets": 1}]')
    result = run(file)
    assert result.exit_code == 1
    assert result.output.replace(str(tmp_path), "").splitlines() == [
        "/prometheus.yml: valid: 1 scrape config, 0 rule files",
        '/prometheus.yml: warning: no file matches /gone.yml of file_sd_configs in job "a"',
        '/t/a.yml:2:3: [0].lables: unknown key "lables"; did you mean "labels"?',
        "/t/b.json:1:1: [0].targets: expected a list, found a number or a boolean",
    ]
    assert run("--syntax-only", file).exit_code == 0
