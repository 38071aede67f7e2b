"""What S3's answers say, read from their headers and XML."""

from onetrail.s3.http import markup
from onetrail.s3.http.transport import Answer
from onetrail.s3.rows import Copied, Deletion, Deletions, ObjectHead, Restoring


def request_id_of(answer: Answer) -> str:
    """S3's id of the request."""
    return answer.header("x-amz-request-id")


def retention_of(answer: Answer) -> tuple[str, str]:
    """Mode and date of an object's lock, as S3 writes them."""
    body = markup.without_prefixes(answer.body)
    return markup.text(body, b"Mode"), markup.text(body, b"RetainUntilDate")


def tagging_of(answer: Answer) -> dict[str, str]:
    """Tag -> value."""
    body = markup.without_prefixes(answer.body)
    return {markup.text(one, b"Key"): markup.text(one, b"Value") for _, one in markup.elements(body, b"Tag")}


def restoring_of(answer: Answer) -> Restoring:
    """Whether a restore was begun (202), or a copy was there and is kept longer (200)."""
    return Restoring(answer.status == 202, request_id_of(answer))


def copied_of(answer: Answer) -> Copied:
    """What CopyObject made; the ETag without its quotes."""
    version = source_version = request = encryption = ""
    for name, value in answer.headers:
        lower = name.lower()
        if lower[:6] != "x-amz-":
            continue
        if lower == "x-amz-version-id":
            version = value
        elif lower == "x-amz-request-id":
            request = value
        elif lower == "x-amz-copy-source-version-id":
            source_version = value
        elif lower == "x-amz-server-side-encryption":
            encryption = value
    body = markup.without_prefixes(answer.body)
    etag = markup.content(body, b"ETag")
    return Copied(
        etag[6:-6].decode() if etag[:6] == b"&quot;" else markup.etag(markup.plain(etag)),
        markup.instant(markup.text(body, b"LastModified")),
        markup.text(body, b"ChecksumSHA256"),
        version,
        source_version,
        request,
        encryption,
    )


def deletions_of(answer: Answer) -> Deletions:
    """Each object of the batch, with what became of it."""
    body = markup.without_prefixes(answer.body)
    results = [
        Deletion(
            markup.text(content, b"Key"),
            markup.text(content, b"VersionId"),
            "" if name == b"Deleted" else markup.text(content, b"Code") or "Unknown",
            "" if name == b"Deleted" else markup.text(content, b"Message"),
        )
        for name, content in markup.elements(body.partition(b"DeleteResult")[2], b"Deleted", b"Error")
    ]
    return Deletions(results, request_id_of(answer))


def head_of(answer: Answer) -> ObjectHead:
    """What HeadObject says of an object."""
    headers = {name.lower(): value for name, value in answer.headers}
    return ObjectHead(
        size=int(headers.get("content-length", "0")),
        etag=markup.etag(headers.get("etag", "")),
        last_modified=headers.get("last-modified", ""),
        storage_class=headers.get("x-amz-storage-class", "STANDARD"),
        version_id=headers.get("x-amz-version-id", ""),
        sha256=headers.get("x-amz-checksum-sha256", ""),
        lock_mode=headers.get("x-amz-object-lock-mode", ""),
        retain_until=headers.get("x-amz-object-lock-retain-until-date", ""),
        restore=headers.get("x-amz-restore", ""),
        encryption=headers.get("x-amz-server-side-encryption", ""),
        metadata={name[11:]: value for name, value in headers.items() if name.startswith("x-amz-meta-")},
        headers=headers,
    )
