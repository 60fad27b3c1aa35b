//! One error value with an HTTP form (RFC 9457 problem details) and a gRPC form (google.rpc.Status).
