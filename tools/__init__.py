"""What the project uses to build and to inspect itself; not part of what people install."""
