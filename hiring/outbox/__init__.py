"""The outbox: events wait here for the relay, written in the transaction of the change. It fills undrained until the relay exists."""
