"""Calls orders with grpcio and decodes its faults with grpcio-status.

Usage: python_client.py GRPC_ADDRESS PAYMENTS_URL DESCRIPTOR_SET

Needs no generated code: messages come from the descriptor set.
"""

import json
import sys
import urllib.request

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_status import rpc_status

DOMAIN = "orders.example.com"


def main(address, payments, descriptor_file):
    messages = load(descriptor_file)
    with grpc.insecure_channel(address) as channel:
        orders = Orders(channel, messages)
        happy(orders)
        faults(orders, payments)
    print("all checks passed")


def happy(orders):
    created = orders.call("CreateOrder", order(), key="k")
    assert created.status == "paid" and created.total_cents == 500, created
    assert orders.call("GetOrder", {"id": created.id}) == created
    listed = list(orders.stream("ListOrders", {"limit": 1}))
    assert listed == [created], listed
    cancelled = orders.call("CancelOrder", {"id": created.id}, key="c")
    assert cancelled.status == "cancelled", cancelled


def faults(orders, payments):
    status = orders.fault("GetOrder", {"id": "7"})
    check(status, grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND", {"id": "7"})

    wrong = order() | {"currency": "CHF", "note": "é" * 501}
    status = orders.fault("CreateOrder", wrong, key="w")
    check(status, grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_FAILED")
    violations = detail(status, error_details_pb2.BadRequest).field_violations
    fields = sorted((it.field, it.reason) for it in violations)
    assert fields == [("currency", "NOT_ALLOWED"), ("note", "TOO_LONG")], fields

    status = orders.fault("CreateOrder", order())
    check(status, grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_MISSING")

    set_faults(payments, {"error_rate": 1, "status": 503, "retry_after_s": 7})
    status = orders.fault("CreateOrder", order(), key="busy")
    check(status, grpc.StatusCode.UNAVAILABLE, "PAYMENTS_UNAVAILABLE")
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.seconds == 7

    status = orders.fault("NoSuchMethod", {}, request="GetOrderRequest", answer="Order")
    check(status, grpc.StatusCode.UNIMPLEMENTED, "ROUTE_NOT_FOUND")


def check(status, code, reason, metadata=None):
    """Holds a google.rpc.Status against what all faults have in common."""
    assert status.code == code.value[0], status
    assert status.message, status
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == (reason, DOMAIN), info
    assert metadata is None or dict(info.metadata) == metadata, info
    assert detail(status, error_details_pb2.RequestInfo).request_id, status


def detail(status, kind):
    """The one detail of this type."""
    found = [it for it in status.details if it.Is(kind.DESCRIPTOR)]
    assert len(found) == 1, f"{len(found)} of {kind.DESCRIPTOR.name} in {status}"
    message = kind()
    assert found[0].Unpack(message)
    return message


class Orders:
    """The service's client, made of its descriptors."""

    def __init__(self, channel, messages):
        self.channel, self.messages = channel, messages

    def call(self, method, fields, key=None, **types):
        return self.method(self.channel.unary_unary, method, **types)(
            self.request(method, fields, **types), metadata=metadata(key), timeout=20
        )

    def stream(self, method, fields):
        return self.method(self.channel.unary_stream, method)(
            self.request(method, fields), timeout=20
        )

    def fault(self, method, fields, key=None, **types):
        """The google.rpc.Status of a call that is to fail."""
        try:
            answer = self.call(method, fields, key, **types)
        except grpc.RpcError as error:
            status = rpc_status.from_call(error)
            assert status is not None, f"no grpc-status-details-bin: {error}"
            return status
        raise AssertionError(f"{method} succeeded: {answer}")

    def request(self, method, fields, request=None, **_):
        return self.messages[request or f"{method}Request"](**fields)

    def method(self, kind, method, answer="Order", **_):
        return kind(
            f"/orders.v1.OrderService/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.messages[answer].FromString,
        )


def order():
    line = {"sku": "A-1", "quantity": 2, "unit_price_cents": 250}
    return {"customer_email": "ann@example.com", "currency": "EUR", "lines": [line]}


def metadata(key):
    return [("idempotency-key", key)] if key else []


def set_faults(payments, faults):
    request = urllib.request.Request(
        f"{payments}/faults",
        method="PUT",
        data=json.dumps(faults).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def load(descriptor_file):
    """The message classes of orders.v1, by name."""
    with open(descriptor_file, "rb") as file:
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    [orders] = [file for file in descriptors.file if file.package == "orders.v1"]
    names = [message.name for message in orders.message_type]
    find = pool.FindMessageTypeByName
    return {it: message_factory.GetMessageClass(find(f"orders.v1.{it}")) for it in names}


main(*sys.argv[1:])
