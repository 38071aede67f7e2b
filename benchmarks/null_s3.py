"""A null S3: answers CopyObject, DeleteObjects and ListObjectsV2 correctly and does nothing, so that a client can be measured.

    python benchmarks/null_s3.py PORT KEYS [SLOW_DOWN_SHARE]

It listens on loopback and serves KEYS objects in each bucket. Keys come from a number, so nothing is stored.
"""

import asyncio
import hashlib
import sys
from urllib.parse import parse_qs, unquote, urlsplit

_COPIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<LastModified>2026-01-12T09:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"
    b"<ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256></CopyObjectResult>"
)
_SLOW = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_FOLDER = "AWSLogs/111122223333/CloudTrail/us-east-1/2021/01/"


def key_of(number: int) -> str:
    """The key of the object with that number; numbers sort as keys do."""
    return f"{_FOLDER}111122223333_CloudTrail_us-east-1_20210101T0000Z_{number:016d}.json.gz"


class NullS3(asyncio.Protocol):
    """One connection."""

    keys = 0
    slow_every = 0
    served = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._waiting) < end + 4 + length:
                return
            self._waiting = self._waiting[end + 4 + length :]
            self._answer(*head.split(b" ", 2)[:2])

    def _answer(self, method: bytes, target: bytes) -> None:
        NullS3.served += 1
        if self.slow_every and NullS3.served % self.slow_every == 0:
            self._write(b"503 Slow Down", _SLOW)
        elif method == b"PUT":
            self._write(b"200 OK", _COPIED, b"x-amz-version-id: 3HL4kqtJlcpXroDTDmJ\r\n")
        else:
            self._write(b"200 OK", page(target.decode(), self.keys))

    def _write(self, status: bytes, body: bytes, more: bytes = b"") -> None:
        self._out.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 %s\r\ncontent-type: application/xml\r\nx-amz-request-id: 4442587FB7D0A2F9\r\n%scontent-length: %d\r\n\r\n%s"
            % (status, more, len(body), body)
        )


_PAGES: dict[str, bytes] = {}


def page(target: str, keys: int) -> bytes:
    """ListObjectsV2 of up to 1,000 keys after the token."""
    if target in _PAGES:
        return _PAGES[target]
    query = parse_qs(urlsplit(target).query)
    start = int(unquote(query.get("continuation-token", ["0"])[0]))
    end = min(keys, start + 1000)
    rows = "".join(
        f"<Contents><Key>{key_of(n)}</Key><LastModified>2021-01-01T00:05:00.000Z</LastModified>"
        f"<ETag>&quot;{hashlib.md5(str(n).encode()).hexdigest()}&quot;</ETag><Size>{n % 40000}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for n in range(start, end)
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{end}</NextContinuationToken>"
    tail = more if end < keys else "<IsTruncated>false</IsTruncated>"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    made = f"{head}<EncodingType>url</EncodingType>{tail}{rows}</ListBucketResult>".encode()
    _PAGES[target] = made
    return made


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(NullS3, "127.0.0.1", port)
    print(f"null S3 on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    NullS3.keys = int(sys.argv[2])
    NullS3.slow_every = round(1 / float(sys.argv[3])) if len(sys.argv) > 3 else 0
    asyncio.run(serve(int(sys.argv[1])))
