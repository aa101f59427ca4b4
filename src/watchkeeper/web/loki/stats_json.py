"""The `stats` object of an answer: what Grafana shows of `summary`, and the rest for `logcli --stats`."""

from __future__ import annotations

from typing import Any, Final

import orjson

from watchkeeper.logs.logql.answer import Stats, StoreStats

CACHES: Final = (
    "chunk", "index", "result", "statsResult", "volumeResult", "seriesResult", "labelResult", "instantMetricResult",
    "logResult", "taskResult",
)  # fmt: skip
_NO_CACHE: Final = {
    "entriesFound": 0,
    "entriesRequested": 0,
    "entriesStored": 0,
    "bytesReceived": 0,
    "bytesSent": 0,
    "requests": 0,
    "downloadTime": 0,
    "queryLengthServed": 0,
}
_CACHE_JSON: Final = orjson.dumps(dict.fromkeys(CACHES, _NO_CACHE))


def stats_json(stats: Stats) -> bytes:
    """All of upstream's keys; times of `summary` in seconds, the others in ns."""
    return b'{"summary":%b,"querier":%b,"ingester":%b,"cache":%b,"index":%b}' % (
        orjson.dumps(_summary(stats)),
        orjson.dumps({"store": _store(stats.store, stats, is_head=False)}),
        orjson.dumps(_ingester(stats)),
        _CACHE_JSON,
        orjson.dumps(_index(stats)),
    )


def _summary(stats: Stats) -> dict[str, Any]:
    return {
        "bytesProcessedPerSecond": stats.bytes_per_second,
        "linesProcessedPerSecond": stats.lines_per_second,
        "totalBytesProcessed": stats.total_bytes,
        "totalLinesProcessed": stats.total_lines,
        "execTime": stats.exec_s,
        "queueTime": stats.queue_s,
        "subqueries": stats.subqueries,
        "totalEntriesReturned": stats.entries_returned,
        "splits": stats.splits,
        "shards": stats.shards,
        "totalPostFilterLines": stats.post_filter_lines,
        "totalStructuredMetadataBytesProcessed": stats.structured_bytes,
    }


def _store(part: StoreStats, stats: Stats, *, is_head: bool) -> dict[str, Any]:
    """Lines in memory are upstream's head chunk; those of blocks are what was decompressed."""
    head, flushed = (part, StoreStats()) if is_head else (StoreStats(), part)
    return {
        "totalChunksRef": part.chunks_ref,
        "totalChunksDownloaded": part.chunks_loaded,
        "chunksDownloadTime": part.load_ns,
        "queryReferencedStructuredMetadata": stats.queried_structured_metadata,
        "queryUsedV2Engine": False,
        "chunkRefsFetchTime": 0 if is_head else int(stats.index_s * 1e9),
        "congestionControlLatency": 0,
        "pipelineWrapperFilteredLines": 0,
        "chunk": {
            "headChunkBytes": head.bytes,
            "headChunkLines": head.lines,
            "decompressedBytes": flushed.bytes,
            "decompressedLines": flushed.lines,
            "compressedBytes": 0,
            "totalDuplicates": 0,
            "postFilterLines": part.post_filter_lines,
            "headChunkStructuredMetadataBytes": head.structured_bytes,
            "decompressedStructuredMetadataBytes": flushed.structured_bytes,
        },
        "dataobj": {
            "prePredicateDecompressedRows": 0,
            "prePredicateDecompressedBytes": 0,
            "postPredicateRows": 0,
            "postFilterRows": 0,
        },
    }


def _ingester(stats: Stats) -> dict[str, Any]:
    head = stats.ingester
    return {
        "totalReached": 1 if head.chunks_ref else 0,
        "totalChunksMatched": head.chunks_ref,
        "totalBatches": 0,
        "totalLinesSent": head.post_filter_lines,
        "store": _store(head, stats, is_head=True),
    }


def _index(stats: Stats) -> dict[str, Any]:
    return {
        "totalChunks": stats.store.chunks_ref + stats.ingester.chunks_ref,
        "postFilterChunks": stats.store.chunks_loaded + stats.ingester.chunks_loaded,
        "shardsDuration": 0,
        "usedBloomFilters": False,
        "totalStreams": stats.streams,
        "chunkRefsLookupTime": int(stats.index_s * 1e9),
        "bloomFilterTime": 0,
    }
