"""What Flask-uWSGI-WebSocket does in its thread model: one thread per connection, which waits for a message."""

import uwsgi


def application(_environ, _start_response):
    uwsgi.websocket_handshake()
    try:
        while True:
            uwsgi.websocket_send(uwsgi.websocket_recv())
    except OSError:  # the client has gone
        return []
