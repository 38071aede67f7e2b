"""S3 Control: the account's public-access block (S3 API Reference, GetPublicAccessBlock of S3 Control)."""

from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.s3.operations.config import FLAGS, flags_document
from onetrail.practice.state.world import World
from onetrail.practice.web import xml


def _own(call: ServiceCall) -> None:
    if call.parameters.get("AccountId") != call.account:
        raise ServiceError("AccessDenied", "Access Denied", 403)


def get_public_access_block(world: World, call: ServiceCall) -> ServiceAnswer:
    """GetPublicAccessBlock of the account."""
    _own(call)
    flags = world.store.account_blocks.get(call.account)
    if flags is None:
        raise ServiceError(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404
        )
    return ServiceAnswer(200, flags_document(flags))


def put_public_access_block(world: World, call: ServiceCall) -> ServiceAnswer:
    """PutPublicAccessBlock of the account."""
    _own(call)
    try:
        root = xml.parse(call.parameters["body"])
        inner = root if root.find(FLAGS[0]) is not None or not len(root) else root[0]
        flags = {name: xml.text(inner, name).lower() == "true" for name in FLAGS}
    except xml.BadXml as err:
        raise ServiceError("MalformedXML", str(err)) from err
    world.store.account_blocks[call.account] = flags
    return ServiceAnswer(201, b"")


def delete_public_access_block(world: World, call: ServiceCall) -> ServiceAnswer:
    """DeletePublicAccessBlock of the account."""
    _own(call)
    world.store.account_blocks.pop(call.account, None)
    return ServiceAnswer(204, b"")


CORRECTIONS = {
    ("s3", "GetPublicAccessBlock"): get_public_access_block,
    ("s3", "PutPublicAccessBlock"): put_public_access_block,
    ("s3", "DeletePublicAccessBlock"): delete_public_access_block,
}
