"""What every store of objects must do, on a folder and on a real S3 server."""

from __future__ import annotations

import pytest

from tests.unit.core.objects.s3 import RETRIES, SECRET, free_port, s3_server
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.objects.bucket import Bucket
from watchkeeper.core.objects.measured import open_objects
from watchkeeper.core.objects.objects import ObjectError, ObjectInfo, ObjectMissing
from watchkeeper.core.objects.open_store import open_store
from watchkeeper.core.objects.settings import AzureSettings, FolderSettings, GcsSettings, S3Settings
from watchkeeper.core.telemetry.metrics import Registry


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3") / "buckets") as running:
        yield running


@pytest.fixture(params=["folder", "s3", "s3 with prefix"])
def objects(request, tmp_path):
    if request.param == "folder":
        return Bucket(FolderSettings(directory=tmp_path / "objects", prefix="deep"))
    server = request.getfixturevalue("server")
    prefix = "a-b/x" if "prefix" in request.param else ""
    return Bucket(server.settings(bucket=server.new_bucket(), prefix=prefix))


def test_what_was_put_is_got(objects):
    objects.put("a/b/c.wkl", b"hello world")
    assert objects.get("a/b/c.wkl") == b"hello world"
    assert objects.get_range("a/b/c.wkl", 6, 5) == b"world"
    assert objects.get_range("a/b/c.wkl", 0, 1) == b"h"
    assert objects.get_range("a/b/c.wkl", 3, 0) == b""
    assert objects.exists("a/b/c.wkl")


def test_a_range_that_reaches_beyond_the_end_is_cut(objects):
    objects.put("x", b"hello")
    assert objects.get_range("x", 3, 100) == b"lo"


def test_put_replaces(objects):
    objects.put("x", b"one")
    objects.put("x", b"other")
    assert objects.get("x") == b"other"


def test_files_large_and_small_are_put(objects, tmp_path):
    for size in (0, 10, 20 << 20):
        path = tmp_path / "file"
        data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        path.write_bytes(data)
        objects.put(f"files/{size}", path)
        assert objects.get(f"files/{size}") == data


def test_a_file_that_is_not_there_is_an_os_error(objects, tmp_path):
    with pytest.raises(FileNotFoundError):
        objects.put("x", tmp_path / "missing")
    assert not objects.exists("x")


def test_what_is_not_there(objects):
    assert not objects.exists("no/such")
    for read in (lambda: objects.get("no/such"), lambda: objects.get_range("no/such", 0, 1)):
        with pytest.raises(ObjectMissing) as caught:
            read()
        assert str(caught.value) == "no/such: no such object"
        assert not caught.value.retryable
    objects.delete("no/such")


def test_what_was_deleted_is_gone(objects):
    objects.put("x/y", b"1")
    objects.delete("x/y")
    assert not objects.exists("x/y")
    assert objects.list() == []


def test_a_list_is_in_order_and_by_prefix(objects):
    for key in ("seg/2", "seg/10", "other/1", "seg/a/b"):
        objects.put(key, key.encode())
    assert objects.list("seg") == [ObjectInfo("seg/10", 6), ObjectInfo("seg/2", 5), ObjectInfo("seg/a/b", 7)]
    assert [info.key for info in objects.list()] == ["other/1", "seg/10", "seg/2", "seg/a/b"]
    assert objects.list("nothing") == []


def test_a_server_that_is_not_there_may_be_there_later(server):
    gone = server.settings()
    settings = S3Settings(bucket="logs", endpoint=f"127.0.0.1:{free_port()}", insecure=True, access_key_id="k",
                          secret_access_key=Secret("hunter2"), retries=gone.retries)  # fmt: skip
    with pytest.raises(ObjectError) as caught:
        Bucket(settings).put("a", b"1")
    assert caught.value.retryable
    assert str(caught.value).startswith("a: ")
    assert "hunter" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_secret_will_be_wrong_later_too(server):
    with pytest.raises(ObjectError) as caught:
        Bucket(server.settings(secret="hunter3")).get("a")
    assert not caught.value.retryable
    assert "hunter" not in str(caught.value)


def test_requests_are_counted(server):
    registry = Registry()
    objects = open_objects(server.settings(), registry)
    objects.put("counted/a", b"1")
    objects.get("counted/a")
    with pytest.raises(ObjectMissing):
        objects.get("counted/b")
    objects.list("counted")
    text = registry.exposition().decode()
    assert 'loki_objstore_bucket_operations_total{bucket="logs",operation="upload"} 1' in text
    assert 'loki_objstore_bucket_operations_total{bucket="logs",operation="get"} 2' in text
    assert 'loki_objstore_bucket_operation_failures_total{bucket="logs",operation="get"} 0' in text
    assert 'loki_objstore_bucket_operation_duration_seconds_count{bucket="logs",operation="iter"} 1' in text
    assert 'loki_s3_request_duration_seconds_count{operation="S3.PutObject",status_code="200"} 1' in text
    assert 'loki_s3_request_duration_seconds_count{operation="S3.GetObject",status_code="404"} 1' in text
    bad = open_objects(server.settings(secret="hunter3"), registry)
    with pytest.raises(ObjectError):
        bad.delete("counted/a")
    text = registry.exposition().decode()
    assert 'loki_objstore_bucket_operation_failures_total{bucket="logs",operation="delete"} 1' in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (S3Settings(bucket="b", endpoint="minio:9000", insecure=True), "http://minio:9000"),
        (S3Settings(bucket="b", endpoint="minio:9000"), "https://minio:9000"),
        (S3Settings(bucket="b", endpoint="https://s3.example/x", insecure=True), "https://s3.example/x"),
        (S3Settings(bucket="b"), ""),
    ],
)
def test_endpoints(settings, url):
    assert settings.url == url


def config_of(settings):
    return open_store(settings).config


def test_the_bucket_stands_in_the_path_or_in_the_host():
    path = config_of(S3Settings(bucket="b", endpoint="h:9", retries=RETRIES))
    assert (path["endpoint"], path["virtual_hosted_style_request"]) == ("https://h:9", "false")
    host = config_of(S3Settings(bucket="b", endpoint="h:9", path_style=False, sse_type="SSE-S3"))
    assert (host["endpoint"], host["virtual_hosted_style_request"]) == ("https://b.h:9", "true")
    assert host["server_side_encryption"] == "AES256"
    amazon = config_of(S3Settings(bucket="b", region="eu-west-1"))
    assert amazon["region"] == "eu-west-1"
    assert "endpoint" not in amazon


def test_azure_by_connection_string():
    text = "AccountName=me;AccountKey=aHVudGVyMg==;EndpointSuffix=core.windows.net"
    config = config_of(AzureSettings(container="c", connection_string=Secret(text)))
    assert config["account_name"] == "me"
    assert config["endpoint"] == "https://me.blob.core.windows.net"


def test_settings_that_no_store_can_have():
    with pytest.raises(ObjectError) as caught:
        Bucket(GcsSettings(bucket="b", service_account=Secret("hunter2 is no JSON")))
    assert not caught.value.retryable
    assert "hunter" not in str(caught.value)
    with pytest.raises(ObjectError, match="No such file"):
        Bucket(S3Settings(bucket="b", ca_file="/no/such/file"))


def test_secrets_are_not_shown():
    settings = S3Settings(bucket="b", secret_access_key=Secret("hunter2"), session_token=Secret("hunter3"))
    assert "hunter" not in repr(settings)
