"""What the Web Connector talks to: `contract.application(sessions, public_url)` is the whole of `/qbwc`."""
