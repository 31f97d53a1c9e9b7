"""The chat server: WebSocket and HTTP in front of an assistant and a store."""
