"""Bodies of OTLP requests in protobuf and in JSON: the spans and records they hold, with attributes sorted."""
